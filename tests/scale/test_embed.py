"""Embedding in this process: whole, once, in order, and going on where it was left."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.catalog.manifest import read_manifest
from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError, MissingExtraError, ScaleError
from headstart.features import block_embedding
from headstart.scale.embed import embed_photos

pytest.importorskip("pyarrow")


def embed(source, out, **options):
    return embed_photos(source, out, **({"image_size": 96, "precision": "f32", "verbose": False} | options))


def test_every_photo_is_there_once_in_order(make_folder, tmp_path, monkeypatch):
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


def test_what_was_done_before_an_error_is_kept(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.features.photo_blocks.FEWEST", 4)
    folder, out = make_folder(n=8), tmp_path / "features.parquet"
    write, n_left = block_embedding.write_part, [2]

    def fail(*arguments, **options):
        if not n_left[0]:
            raise OSError(28, "No space left on device")
        n_left[0] -= 1
        return write(*arguments, **options)

    monkeypatch.setattr(block_embedding, "write_part", fail)
    with pytest.raises(ScaleError, match=r"No space left on device. What was done is kept"):
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
    assert embed(folder, out, image_size=128, overwrite=True).n_photos == 4
    other = make_folder("other", n=2)
    with pytest.raises(ScaleError, match="of another source"):
        embed(other, out, image_size=128)
    assert read_manifest(out).recipe["image_size"] == 128


def test_without_ray_the_extra_is_named(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.process.packages.is_installed", lambda name: name != "ray")
    with pytest.raises(MissingExtraError, match=r"headstart\[ray\]"):
        embed(make_folder(n=2), tmp_path / "out", ray="local")


def test_what_is_trained_on_is_the_same_embedded_or_not(make_folder, tmp_path, write_shard):
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


def test_a_table_with_a_group_on_two_sides_is_refused(make_folder, tmp_path):
    from pyarrow import Table, parquet

    paths = sorted(map(str, make_folder(n=1).glob("*/*.jpg")))
    columns = {"path": paths, "label": ["x", "y"], "split": ["train", "test"], "group": ["g", "g"]}
    parquet.write_table(Table.from_pydict(columns), tmp_path / "pets.parquet")
    with pytest.raises(CatalogError, match="group 'g' is in train and test"):
        embed(tmp_path / "pets.parquet", tmp_path / "out")


def test_what_could_not_be_read_is_tried_again(make_folder, tmp_path, monkeypatch):
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


def test_a_whole_folder_stays_whole_until_it_is_replaced(make_folder, tmp_path):
    folder, out = make_folder(n=3), tmp_path / "out"
    embed(folder, out)
    shutil.move(folder, tmp_path / "away")
    with pytest.raises(CatalogError, match="does not exist"):
        embed(folder, out)
    with pytest.raises(CatalogError, match="does not exist"):
        embed(folder, out, overwrite=True, image_size=128)
    assert len(scan_photos(out).photos) == 6


def test_of_two_commands_in_one_folder_the_first_says_so(make_folder, tmp_path, monkeypatch):
    from headstart.scale import embed as module

    one, two, out = make_folder("one", n=2), make_folder("two", n=3), tmp_path / "out"
    settle = module.settle_folder

    def settle_late(folder, manifest):
        monkeypatch.setattr(module, "settle_folder", settle)
        embed(two, out, overwrite=True)
        settle(folder, manifest)

    monkeypatch.setattr(module, "settle_folder", settle_late)
    with pytest.raises(ScaleError, match="another command has written other features there"):
        embed(one, out)
    assert len(scan_photos(out).photos) == 6
    monkeypatch.setattr(module, "settle_folder", settle)
    assert sorted(path.name[:5] for path in out.iterdir()) == ["_head", "part-"]


def test_where_nothing_can_be_used_it_is_an_error(tmp_path):
    (tmp_path / "pets.csv").write_text("path,label\na.jpg,x\nb.jpg,y\n")
    with pytest.raises(ScaleError, match=r"got no photo that can be used, 2 left out, such as '.*a.jpg'"):
        embed(tmp_path / "pets.csv", tmp_path / "out")


def test_a_name_that_parquet_cannot_hold_is_left_out_by_name(make_folder, tmp_path):
    folder = make_folder(n=2)
    (folder / "dots" / "\udcff.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes() + b"x")
    written = embed(folder, tmp_path / "out")
    assert written.n_photos == 4
    assert "no text in UTF-8" in written.skipped[0].reason


def test_a_catalog_is_embedded_wherever_its_paths_lead_from(make_folder, tmp_path, monkeypatch):
    make_folder(n=2)
    monkeypatch.chdir(tmp_path)
    catalog = scan_photos("photos")
    embed(catalog, "out")
    table = pd.read_parquet(tmp_path / "out")
    assert table["path"].tolist() == [str(tmp_path / photo.file) for photo in catalog.photos]


def test_a_folder_without_features_blocks_nothing(make_folder, tmp_path):
    with pytest.raises(CatalogError, match="got 1 class folder"):
        embed(make_folder("one", labels=("dots",), n=1), tmp_path / "out")
    assert embed(make_folder("two", n=2), tmp_path / "out").n_photos == 4


def test_the_same_folder_by_another_name_is_the_same(make_folder, tmp_path, monkeypatch):
    folder = make_folder(n=2)
    embed(folder, tmp_path / "out")
    monkeypatch.chdir(folder)
    assert embed("../photos/.", tmp_path / "out").n_new == 0
