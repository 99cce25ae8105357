"""A block gives the features of extraction, and names each photo without features."""

import hashlib

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.catalog.source_listing import ListedPhoto
from headstart.features.block_embedding import BlockEmbedder, make_embedding_settings
from headstart.features.extraction import extract_features
from headstart.features.parquet_parts import read_features, walk_keys
from headstart.features.photo_blocks import Block, list_blocks
from headstart.pixels.views import list_views

pytest.importorskip("pyarrow")
SIZE_PX = 96


def plan(**options):
    return make_embedding_settings(BackboneSetup(load_backbone(), SIZE_PX, "f32"), **options)


def test_features_equal_those_of_extraction(make_folder, tmp_path):
    catalog = scan_photos(make_folder(n=5))
    block = next(list_blocks(catalog))
    done = BlockEmbedder(plan(), tmp_path).embed(block)
    expected = extract_features(catalog.photos, BackboneSetup(load_backbone(), SIZE_PX, "f32")).matrix
    np.testing.assert_array_equal(read_features(tmp_path / done.part), expected)
    assert [digest for digest, _ in walk_keys(tmp_path / done.part)] == [photo.digest for photo in catalog.photos]
    half = BlockEmbedder(plan(dtype="float16"), tmp_path).embed(block)
    np.testing.assert_array_equal(read_features(tmp_path / half.part), expected.astype(np.float16))


@pytest.mark.parametrize("is_averaged", [True, False])
def test_views_equal_those_of_a_training(make_folder, tmp_path, is_averaged):
    catalog = scan_photos(make_folder(n=2))
    done = BlockEmbedder(plan(n_views=2, is_averaged=is_averaged, seed=3), tmp_path).embed(next(list_blocks(catalog)))
    pairs = [
        (photo, view)
        for photo in catalog.photos
        for view in list_views(photo.digest, 2, is_averaged=is_averaged, seed=3)
    ]
    photos, views = zip(*pairs, strict=True)
    expected = extract_features(photos, BackboneSetup(load_backbone(), SIZE_PX, "f32"), views=views).matrix
    np.testing.assert_array_equal(read_features(tmp_path / done.part), expected)
    assert done.summary.n_photos == 4
    assert list(walk_keys(tmp_path / done.part)) == [(p.digest, v.describe()) for p, v in pairs]


def test_a_complete_part_is_not_computed_again(make_folder, tmp_path):
    block = next(list_blocks(make_folder(n=2)))
    first = BlockEmbedder(plan(), tmp_path).embed(block)
    written_at = (tmp_path / first.part).stat().st_mtime_ns
    again = BlockEmbedder(plan(), tmp_path).embed(block)
    assert (first.is_new, again.is_new, again.summary) == (True, False, first.summary)
    assert (tmp_path / first.part).stat().st_mtime_ns == written_at
    (tmp_path / first.part).write_bytes(b"half")
    assert BlockEmbedder(plan(), tmp_path).embed(block).is_new


def test_photos_that_cannot_be_used_are_named_with_reasons(make_folder, tmp_path):
    folder = make_folder(n=1)
    photo = folder / "dots" / "000.jpg"
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_bytes(b"text")
    (folder / "cut.jpg").write_bytes(photo.read_bytes()[:700])
    files = [folder / name for name in ("none.jpg", "empty.jpg", "text.jpg", "cut.jpg")]
    block = Block(0, (*(ListedPhoto(str(file), "a", None) for file in files), ListedPhoto(str(photo), "a", None),
                      ListedPhoto(str(photo), "a", None, digest="00")))  # fmt: skip
    done = BlockEmbedder(plan(), tmp_path / "out").embed(block)
    assert done.summary.n_photos == 1
    reasons = dict(done.summary.skipped)
    assert reasons[str(files[0])] == "cannot be read: No such file or directory"
    assert [reasons[str(file)] for file in files[1:3]] == ["empty file", "not a photo: no known signature"]
    assert reasons[str(photo)] == "was changed while it was being used"
    ((broken, reason),) = done.summary.broken
    assert reason.startswith("cannot be decoded")
    assert broken.digest == hashlib.sha256(files[3].read_bytes()).hexdigest()
    assert BlockEmbedder(plan(), tmp_path / "out").embed(block).summary == done.summary


def test_the_photos_of_a_shard_are_embedded(make_folder, tmp_path, write_shard):
    data = next(make_folder(n=1).glob("*/*.jpg")).read_bytes()
    shard = write_shard(tmp_path / "train.tar", {"dots/1.jpg": data, "2.jpg": data, "dots/3.jpg": b"text"})
    done = BlockEmbedder(plan(), tmp_path / "out").embed(Block(0, shard=str(shard)))
    assert next(walk_keys(tmp_path / "out" / done.part))[0] == hashlib.sha256(data).hexdigest()
    assert [path for path, _ in done.summary.skipped] == [f"{shard}/2.jpg", f"{shard}/dots/3.jpg"]


def test_photos_in_a_store_are_fetched_ahead(make_folder, make_bucket, tmp_path):
    folder = make_folder(n=3)
    (folder / "dots" / "text.jpg").write_bytes(b"text")
    here = BlockEmbedder(plan(), tmp_path).embed(next(list_blocks(folder)))
    there = BlockEmbedder(plan(), tmp_path).embed(next(list_blocks(make_bucket(folder))))
    np.testing.assert_array_equal(read_features(tmp_path / there.part), read_features(tmp_path / here.part))
    assert there.summary.skipped[0][0].startswith("s3://")
