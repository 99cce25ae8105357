"""The kind of a source is found out once, and a source in a store gives the catalog that it gives here."""

from pathlib import Path

import pytest

import headstart as hs
from headstart.catalog.manifest import Manifest
from headstart.catalog.scan import scan_labelled, scan_photos
from headstart.catalog.source import find_source, refuse_reading
from headstart.catalog.table_columns import ColumnNames
from headstart.classifier.classifier import Classifier
from headstart.errors import CatalogError


def test_a_folder_in_a_store_gives_the_catalog_of_the_local_folder(make_folder, make_bucket):
    folder = make_folder(n=6)
    (folder / "dots" / "none.jpg").write_bytes(b"no photo")
    (folder / "dots" / ".hidden.jpg").write_bytes(b"")
    (folder / "loose.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes())
    here, there = scan_photos(folder), scan_photos(make_bucket(folder))
    assert [(p.label, p.digest, p.split, p.path.name) for p in there.photos] == [
        (p.label, p.digest, p.split, p.path.name) for p in here.photos
    ]
    assert [(skip.path.name, skip.reason) for skip in there.skipped] == [
        (skip.path.name, skip.reason) for skip in here.skipped
    ]
    assert there.photos[0].file.startswith("s3://")
    assert there.notes == here.notes


def test_a_csv_may_lie_in_a_store_and_name_photos_there(make_folder, make_bucket, tmp_path):
    folder = make_folder(n=3)
    uri = make_bucket(folder)
    other = "".join(f"{path},{path.parent.name}\n" for path in sorted(folder.glob("*/*2.jpg")))
    (folder / "pets.csv").write_text(f"path,label\ndots/000.jpg,dots\n{uri}/stripes/001.jpg,stripes\n{other}")
    catalog = scan_labelled(make_bucket(folder) + "/pets.csv")
    assert [photo.file for photo in catalog.photos][:2] == [f"{uri}/dots/000.jpg", f"{uri}/stripes/001.jpg"]
    catalog.write_csv(tmp_path / "again.csv")
    assert [photo.file for photo in scan_labelled(tmp_path / "again.csv").photos] == [p.file for p in catalog.photos]


def test_the_kind_of_a_source_is_found_out(make_folder, tmp_path):
    folder = make_folder(n=1)
    (tmp_path / "pets.csv").write_text("path,label\n")
    (tmp_path / "pets.tar").write_bytes(b"")
    (tmp_path / "pets.parquet").write_bytes(b"")
    shards = tmp_path / "shards"
    shards.mkdir()
    (shards / "train-0.tar").write_bytes(b"")
    embedded = tmp_path / "embedded"
    embedded.mkdir()
    Manifest({}, "pets", parts=("part-0.parquet",)).write(embedded)
    kinds = {
        folder: ("folder", ()),
        tmp_path / "pets.csv": ("csv", ()),
        tmp_path / "pets.tar": ("shards", (tmp_path / "pets.tar",)),
        tmp_path / "pets.parquet": ("parquet", (tmp_path / "pets.parquet",)),
        shards: ("shards", (shards / "train-0.tar",)),
        embedded: ("embedded", ()),
    }
    assert {path: (find_source(path).kind, find_source(path).files) for path in kinds} == kinds
    assert find_source(embedded).manifest.parts == ("part-0.parquet",)


def test_a_source_is_made_absolute(make_folder, monkeypatch):
    folder = make_folder(n=1)
    monkeypatch.chdir(folder.parent)
    source = find_source(folder.name)
    assert (source.name, source.path) == (folder.name, Path(folder.name))
    assert source.make_absolute().path == folder
    assert find_source(source) is source


def test_a_run_is_no_folder_of_photos(make_folder):
    folder = make_folder(n=2)
    for name in ("catalog.csv", "metrics.json", "model.onnx"):
        (folder / name).touch()
    with pytest.raises(CatalogError, match=r"got a run, need photos\. To read those .* give '.*catalog\.csv'"):
        find_source(folder)
    with pytest.raises(CatalogError, match="got a run, need photos"):
        find_source([str(folder), str(folder)])


def test_a_missing_source_is_an_error(make_bucket, monkeypatch):
    with pytest.raises(CatalogError, match="got a path that does not exist"):
        scan_photos(make_bucket())
    with pytest.raises(
        CatalogError, match=r"'zz' is an unknown kind of store: need one of s3, .*https. Check the path"
    ):
        find_source("zz://bucket/pets")


def test_an_error_of_reading_names_the_source(lay):
    root = lay({"cats": 1})
    with pytest.raises(CatalogError, match="need at least 2") as refused:
        scan_photos(root)
    assert refused.value.path == root


def test_a_layout_is_refused_where_it_has_no_effect(lay):
    root = lay({"cats": 1, "dogs": 1, "pets.csv": b"path,label"})
    assert find_source(root, layout="inner").layout == "inner"
    with pytest.raises(CatalogError, match="Cannot use layout 'sideways': need one of auto, outer, inner"):
        find_source(root, layout="sideways")
    with pytest.raises(CatalogError, match=r"Cannot use layout 'inner' for '.*pets.csv': it is no folder of photos"):
        find_source(root / "pets.csv", layout="inner")


@pytest.mark.parametrize(
    ("layout", "columns", "message"),
    [
        ("inner", ColumnNames(), "layout 'inner' of photos that are scanned already"),
        ("auto", ColumnNames("file"), "path_column 'file' of photos that are scanned already. Give it to hs.scan"),
        ("auto", ColumnNames(None, None, "patient"), "group_column 'patient' of photos that are scanned already"),
    ],
)
def test_options_of_reading_are_refused_for_photos_that_are_read(layout, columns, message):
    with pytest.raises(CatalogError, match=f"Cannot use {message}"):
        refuse_reading(layout, columns)
    refuse_reading("auto", ColumnNames())


@pytest.mark.parametrize("column", ["path_column", "label_column", "group_column"])
def test_every_verb_refuses_columns_of_a_catalog(make_folder, tmp_path, column):
    photos, given = hs.scan(make_folder(n=4)), {column: "x", "verbose": False}
    for verb in (
        lambda: hs.train(photos, out=tmp_path / "run", **given),
        lambda: hs.evaluate(object.__new__(Classifier), photos, **given),
        lambda: hs.advise(photos, **given),
        lambda: hs.embed(photos, tmp_path / "out", **given),
    ):
        with pytest.raises(CatalogError, match=f"Cannot use {column} 'x' of photos that are scanned already"):
            verb()


@pytest.mark.parametrize("source", ["", "  "])
def test_an_empty_name_is_not_the_working_folder(source):
    with pytest.raises(CatalogError, match="got an empty name, need a path"):
        find_source(source)
