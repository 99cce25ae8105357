"""A folder is embedded completely, each photo once and in order; the same call continues a stopped run."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import read_manifest
from headstart.catalog.scan import scan_photos
from headstart.catalog.source import find_source
from headstart.errors import CatalogError, ScaleError
from headstart.features import block_embedding
from headstart.features.block_embedding import make_embedding_settings
from headstart.features.folder_embedding import embed_into_folder
from headstart.storage import file_locks
from headstart.storage.remote_paths import expand_path

pytest.importorskip("pyarrow")


def embed(source, out, *, image_size=96, dtype="float32", overwrite=False):
    settings = make_embedding_settings(BackboneSetup(load_backbone(), image_size, "f32"), dtype=dtype)
    found = source if isinstance(source, Catalog) else find_source(source)
    return embed_into_folder(found, expand_path(out), settings, overwrite=overwrite, verbose=False)


def test_every_photo_is_embedded_once_and_in_order(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.features.photo_blocks.FEWEST", 3)
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


def test_the_catalog_of_an_embedded_folder_is_that_of_its_photos(make_folder, tmp_path):
    folder = make_folder("deep/train", n=6)
    shutil.copytree(folder, folder.parent / "test")
    (folder.parent / "test" / "dots" / "new.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes() + b"x")
    (folder / "dots" / "copy.jpg").write_bytes((folder / "dots" / "001.jpg").read_bytes())
    embed(folder.parent, tmp_path / "features.parquet")
    plain = scan_photos(folder.parent, seed=5)
    shutil.rmtree(folder.parent)  # the photos are not needed any more
    found = scan_photos(tmp_path / "features.parquet", seed=5)
    assert found.photos == plain.photos
    assert found.skipped == plain.skipped
    assert found.notes == plain.notes


def test_only_changed_blocks_are_computed_again(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.features.photo_blocks.FEWEST", 4)
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


def test_blocks_finished_before_an_error_are_kept(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.features.photo_blocks.FEWEST", 4)
    folder, out = make_folder(n=8), tmp_path / "features.parquet"
    write, n_left = block_embedding.write_part, [2]

    def fail(*arguments, **options):
        if not n_left[0]:
            raise OSError(28, "No space left on device")
        n_left[0] -= 1
        return write(*arguments, **options)

    monkeypatch.setattr(block_embedding, "write_part", fail)
    with pytest.raises(ScaleError, match=r"No space left on device. Finished blocks are kept"):
        embed(folder, out)
    assert not read_manifest(out).is_complete
    with pytest.raises(CatalogError, match="not finished"):
        scan_photos(out)
    monkeypatch.setattr(block_embedding, "write_part", write)
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


def test_a_folder_with_other_things_in_it_is_refused(make_folder, tmp_path):
    folder = make_folder(n=2)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    for place in ("file", "full"):
        with pytest.raises(ScaleError, match="need a new folder"):
            embed(folder, tmp_path / place, overwrite=True)
    with pytest.raises(ScaleError, match="it lies inside"):
        embed(folder, folder / "features.parquet")
    out = tmp_path / "features.parquet"
    embed(folder, out)
    with pytest.raises(
        ScaleError, match=r"got a folder of features with another image_size, need the same\. Give another --out"
    ):
        embed(folder, out, image_size=128)
    assert embed(folder, out, image_size=128, overwrite=True).n_new == 4
    (out / "_headstart.json").write_text("{")
    with pytest.raises(CatalogError, match="damaged"):
        embed(folder, out, image_size=128)
    assert embed(folder, out, image_size=128, overwrite=True).n_photos == 4
    other = make_folder("other", n=2)
    with pytest.raises(ScaleError, match="with another source"):
        embed(other, out, image_size=128)
    assert read_manifest(out).recipe["image_size"] == 128


def test_a_scan_of_embedded_photos_equals_a_scan_of_the_photos(make_folder, tmp_path, write_shard):
    from pyarrow import Table, parquet

    folder = make_folder(n=10)
    paths = sorted(map(str, folder.glob("*/*.jpg")))
    splits = ["train", "test", None, None, None] * 4
    columns = {"path": paths, "label": [path.split("/")[-2] for path in paths], "split": splits}
    parquet.write_table(Table.from_pydict(columns), tmp_path / "pets.parquet")
    files = {f"{path.split('/')[-2]}/{number}.jpg": b"text" if number % 5 == 4 else Path(path).read_bytes()
             for number, path in enumerate(paths)}  # fmt: skip
    (tmp_path / "shards").mkdir()
    write_shard(tmp_path / "shards" / "pets.tar", files)
    for name in ("pets.parquet", "shards"):
        embed(tmp_path / name, tmp_path / f"{name}-embedded")
        plain, embedded = scan_photos(tmp_path / name), scan_photos(tmp_path / f"{name}-embedded")
        assert embedded.photos == plain.photos
        assert embedded.notes == plain.notes
        assert sorted(map(str, embedded.skipped)) == sorted(map(str, plain.skipped))


def test_a_table_with_a_group_in_two_splits_is_refused(make_folder, tmp_path):
    from pyarrow import Table, parquet

    paths = sorted(map(str, make_folder(n=1).glob("*/*.jpg")))
    columns = {"path": paths, "label": ["x", "y"], "split": ["train", "test"], "group": ["g", "g"]}
    parquet.write_table(Table.from_pydict(columns), tmp_path / "pets.parquet")
    with pytest.raises(CatalogError, match="group 'g' is in train and test"):
        embed(tmp_path / "pets.parquet", tmp_path / "out")


def test_the_next_call_tries_unreadable_photos_again(make_folder, tmp_path, monkeypatch):
    from headstart.errors import UnreadableError

    folder, out = make_folder(n=3), tmp_path / "out"
    read = block_embedding.read_bytes

    def fail(path):
        if path.name == "001.jpg":
            raise UnreadableError("cannot be read: Service Unavailable")
        return read(path)

    monkeypatch.setattr(block_embedding, "read_bytes", fail)
    written = embed(folder, out)
    assert (written.n_photos, [skip.path.name for skip in written.skipped]) == (4, ["001.jpg", "001.jpg"])
    monkeypatch.setattr(block_embedding, "read_bytes", read)
    written = embed(folder, out)
    assert (written.n_photos, written.n_new, written.skipped) == (6, 6, ())
    assert embed(folder, out).n_new == 0


def test_a_finished_folder_stays_finished_until_it_is_replaced(make_folder, tmp_path):
    folder, out = make_folder(n=3), tmp_path / "out"
    embed(folder, out)
    shutil.move(folder, tmp_path / "away")
    with pytest.raises(CatalogError, match="does not exist"):
        embed(folder, out)
    with pytest.raises(CatalogError, match="does not exist"):
        embed(folder, out, overwrite=True, image_size=128)
    assert len(scan_photos(out).photos) == 6


def test_of_several_commands_in_one_new_folder_all_succeed(make_folder, tmp_path):
    folder, out = make_folder(n=3), tmp_path / "out"
    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(lambda _: embed(folder, out), range(4)))
    assert {one.n_photos for one in written} == {6}
    assert sum(one.n_new for one in written) == 6
    assert sorted(path.name[:5] for path in out.iterdir()) == ["_head", "part-"]


def test_without_locks_the_first_of_two_commands_in_one_folder_fails(make_folder, tmp_path, monkeypatch):
    from headstart.features import folder_embedding as module

    def fail(*_, **__):
        raise OSError(95, "not supported")

    monkeypatch.setattr(file_locks, "lock_file", fail)

    one, two, out = make_folder("one", n=2), make_folder("two", n=3), tmp_path / "out"
    finish = module.finish_folder

    def finish_late(folder, manifest):
        monkeypatch.setattr(module, "finish_folder", finish)
        embed(two, out, overwrite=True)
        finish(folder, manifest)

    monkeypatch.setattr(module, "finish_folder", finish_late)
    with pytest.raises(ScaleError, match="another command has written other features there"):
        embed(one, out)
    assert len(scan_photos(out).photos) == 6
    monkeypatch.setattr(module, "finish_folder", finish)
    assert sorted(path.name[:5] for path in out.iterdir()) == ["_head", "part-"]


def test_a_source_without_usable_photos_is_an_error(tmp_path):
    (tmp_path / "pets.csv").write_text("path,label\na.jpg,x\nb.jpg,y\n")
    with pytest.raises(ScaleError, match=r"got no usable photo, 2 left out, such as '.*a.jpg': .*no 'a.jpg' in '"):
        embed(tmp_path / "pets.csv", tmp_path / "out")


def test_a_photo_whose_name_is_not_utf_8_is_skipped_with_the_reason(make_folder, tmp_path):
    folder = make_folder(n=2)
    (folder / "dots" / "\udcff.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes() + b"x")
    written = embed(folder, tmp_path / "out")
    assert written.n_photos == 4
    assert "no text in UTF-8" in written.skipped[0].reason


def test_relative_paths_of_a_catalog_become_absolute(make_folder, tmp_path, monkeypatch):
    make_folder(n=2)
    monkeypatch.chdir(tmp_path)
    catalog = scan_photos("photos")
    embed(catalog, "out")
    table = pd.read_parquet(tmp_path / "out")
    assert table["path"].tolist() == [str(tmp_path / photo.file) for photo in catalog.photos]


def test_a_folder_without_parts_may_be_used_for_another_source(make_folder, tmp_path):
    with pytest.raises(CatalogError, match="got 1 class folder"):
        embed(make_folder("one", labels=("dots",), n=1), tmp_path / "out")
    assert embed(make_folder("two", n=2), tmp_path / "out").n_photos == 4


def test_the_same_source_may_be_given_by_another_path(make_folder, tmp_path, monkeypatch):
    folder = make_folder(n=2)
    embed(folder, tmp_path / "out")
    monkeypatch.chdir(folder)
    assert embed("../photos/.", tmp_path / "out").n_new == 0
