"""Embedding in this process: whole, once, in order, and going on where it was left."""

import shutil

import numpy as np
import pandas as pd
import pytest

from headstart.catalog.manifest import read_manifest
from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError, MissingExtraError, ScaleError
from headstart.features import embedding
from headstart.scale.embed import embed_photos

pytest.importorskip("pyarrow")


def embed(source, out, **options):
    return embed_photos(source, out, **({"image_size": 96, "precision": "f32", "verbose": False} | options))


def test_every_photo_is_there_once_in_order(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.features.blocks.FEWEST", 3)
    folder = make_folder(n=4)
    (folder / "dots" / "text.jpg").write_bytes(b"text")
    (folder / "loose.jpg").write_bytes(b"\xff\xd8\xff")
    out = tmp_path / "features.parquet"
    written = embed(folder, out)
    assert (written.n_photos, written.n_new) == (8, 8)
    assert sorted(skip.path.name for skip in written.skipped) == ["loose.jpg", "text.jpg"]
    table = pd.read_parquet(out)
    assert table["path"].tolist() == [str(path) for path in sorted(folder.glob("*/*.jpg")) if path.name != "text.jpg"]
    assert np.stack(table["features"].to_list()).shape == (8, 1280)
    again = embed(folder, out)
    assert (again.n_photos, again.n_new, again.skipped) == (8, 0, written.skipped)


def test_the_catalog_of_what_was_embedded_is_that_of_the_photos(make_folder, tmp_path):
    folder = make_folder("deep/train", n=6)
    shutil.copytree(folder, folder.parent / "test")
    (folder.parent / "test" / "dots" / "new.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes() + b"x")
    (folder / "dots" / "copy.jpg").write_bytes((folder / "dots" / "001.jpg").read_bytes())
    embed(folder.parent, tmp_path / "features.parquet")
    plain = scan_photos(folder.parent, seed=5)
    shutil.rmtree(folder.parent)  # nothing of the photos is needed any more
    found = scan_photos(tmp_path / "features.parquet", seed=5)
    assert found.photos == plain.photos
    assert found.skipped == plain.skipped
    assert found.notes == plain.notes


def test_only_what_changed_is_computed_anew(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.features.blocks.FEWEST", 4)
    folder = make_folder(n=8)
    out = tmp_path / "features.parquet"
    embed(folder, out)
    photo = folder / "stripes" / "007.jpg"
    photo.write_bytes(photo.read_bytes() + b"x")
    assert embed(folder, out).n_new == 4
    photo.unlink()
    written = embed(folder, out)
    assert (written.n_photos, written.n_new) == (15, 3)
    assert len(pd.read_parquet(out)) == 15


def test_what_was_done_before_an_error_is_kept(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.features.blocks.FEWEST", 4)
    folder, out = make_folder(n=8), tmp_path / "features.parquet"
    write, n_left = embedding.write_part, [2]

    def fail(*arguments):
        if not n_left[0]:
            raise OSError(28, "No space left on device")
        n_left[0] -= 1
        return write(*arguments)

    monkeypatch.setattr(embedding, "write_part", fail)
    with pytest.raises(ScaleError, match=r"No space left on device. What was done is kept"):
        embed(folder, out)
    assert not read_manifest(out).is_complete
    with pytest.raises(CatalogError, match="not finished"):
        scan_photos(out)
    monkeypatch.setattr(embedding, "write_part", write)
    written = embed(folder, out)
    assert (written.n_photos, written.n_new) == (16, 8)


def test_shards_and_stores_are_embedded(make_folder, make_bucket, tmp_path, write_shard):
    folder = make_folder(n=3)
    files = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in sorted(folder.glob("*/*.jpg"))}
    (tmp_path / "shards").mkdir()
    write_shard(tmp_path / "shards" / "train-0.tar", dict(list(files.items())[:4]))
    write_shard(tmp_path / "shards" / "test-0.tar", dict(list(files.items())[4:]))
    out = make_bucket(tmp_path / "shards", "shards").replace("/shards", "/features.parquet")
    written = embed(out.replace("/features.parquet", "/shards"), out, dtype="float16")
    assert written.n_photos == 6
    found = scan_photos(out)
    assert {split: len(found.select(split)) for split in ("train", "validation", "test")} == {
        "train": 3, "validation": 1, "test": 2,
    }  # fmt: skip
    assert embed(out.replace("/features.parquet", "/shards"), out, dtype="float16").n_new == 0


def test_other_things_are_left_alone(make_folder, tmp_path):
    folder = make_folder(n=2)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    for place in ("file", "full"):
        with pytest.raises(ScaleError, match="need a new folder"):
            embed(folder, tmp_path / place, overwrite=True)
    with pytest.raises(ScaleError, match="it is inside"):
        embed(folder, folder / "features.parquet")
    with pytest.raises(ScaleError, match="need one of float32, float16"):
        embed(folder, tmp_path / "new", dtype="float64")
    out = tmp_path / "features.parquet"
    embed(folder, out)
    with pytest.raises(ScaleError, match=r"it has others .of another image_size.\. Give another --out"):
        embed(folder, out, image_size=128)
    assert embed(folder, out, image_size=128, overwrite=True).n_new == 4
    (out / "_headstart.json").write_text("{")
    with pytest.raises(CatalogError, match="damaged"):
        embed(folder, out, image_size=128)
    assert embed(folder, out, image_size=128, overwrite=True).n_new == 4
    other = make_folder("other", n=2)
    with pytest.raises(ScaleError, match="of another source"):
        embed(other, out, image_size=128)
    assert read_manifest(out).recipe["image_size"] == 128


def test_without_ray_the_extra_is_named(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.scale.cluster.is_installed", lambda name: False)
    with pytest.raises(MissingExtraError, match=r"headstart\[ray\]"):
        embed(make_folder(n=2), tmp_path / "out", ray="local")
