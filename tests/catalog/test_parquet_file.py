"""A Parquet table is read like a CSV."""

import pytest

from headstart.catalog.manifest import Manifest
from headstart.catalog.parquet_file import count_rows, find_parquet_files, open_table, walk_parquet
from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def write_table(file, **columns):
    parquet.write_table(pa.table(columns), file)
    return file


def test_a_parquet_table_gives_the_catalog_of_the_csv(tmp_path, make_folder):
    folder = make_folder(n=6)
    rows = [(f"photos/{path.parent.name}/{path.name}", path.parent.name) for path in sorted(folder.glob("*/*"))]
    csv = tmp_path / "pets.csv"
    csv.write_text("path,label,weight\n" + "".join(f"{path},{label},2\n" for path, label in rows))
    table = write_table(
        tmp_path / "pets.parquet", path=[path for path, _ in rows], label=[label for _, label in rows],
        weight=[2.0] * len(rows),
    )  # fmt: skip
    assert scan_photos(table).photos == scan_photos(csv).photos
    assert (
        scan_photos(table).notes[0].text.startswith("Read 12 rows of a Parquet table. All photos were split 70/15/15")
    )
    assert count_rows(table) == 12


def test_a_folder_of_files_is_one_table(tmp_path):
    folder = tmp_path / "pets.parquet"
    folder.mkdir()
    write_table(folder / "1.parquet", path=["a.jpg", "/b.jpg"], label=["x", "y"], split=["train", None])
    write_table(folder / "2.parquet", path=["s3://bucket/c.jpg"], label=["x"])
    files = find_parquet_files(folder, is_folder=True)
    found = list(walk_parquet(open_table(folder, files), files))
    assert [photo.file for photo in found] == [str(folder / "a.jpg"), "/b.jpg", "s3://bucket/c.jpg"]
    assert [photo.split for photo in found] == ["train", None, None]


def test_all_problems_are_in_one_message(tmp_path):
    table = write_table(tmp_path / "a.parquet", path=["a.jpg", "", "a.jpg"], label=["x", "y", None])
    with pytest.raises(CatalogError, match=r"got 3 problems, need none:\n  row 2 has no path\n  row 3 has no label"):
        scan_photos(table)
    with pytest.raises(CatalogError, match=r"got no column 'label' .its columns: path"):
        scan_photos(write_table(tmp_path / "b.parquet", path=["a.jpg"]))
    (tmp_path / "c.parquet").write_bytes(b"no Parquet")
    with pytest.raises(CatalogError, match=r"Cannot read '.*c.parquet': cannot be read"):
        scan_photos(tmp_path / "c.parquet")


def test_an_unfinished_embedding_is_refused(tmp_path):
    Manifest({}, "pets").write(tmp_path)
    with pytest.raises(CatalogError, match="the embedding is not finished"):
        scan_photos(tmp_path)


def test_texts_that_are_not_utf8_are_refused(tmp_path):
    table = tmp_path / "pets.parquet"
    damaged = pa.array([b"a.jpg", b"\xff.jpg"]).view(pa.string())
    write_table(table, path=damaged, label=["x", "y"])
    with pytest.raises(CatalogError, match=r"Cannot read '.*pets.parquet': cannot be read: .*UTF-?8"):
        scan_photos(table)
    write_table(table, path=["a.jpg", "b.jpg"], label=["x", "y"], colour=["x", "y"])
    table.write_bytes(table.read_bytes().replace(b"colour", b"c\xfflour"))
    with pytest.raises(CatalogError, match=r"Cannot read '.*pets.parquet': cannot be read: .*(utf|UTF)-?8"):
        scan_photos(table)


def test_the_texts_of_a_table_with_pictures_are_checked_too(tmp_path):
    table = tmp_path / "pets.parquet"
    damaged = pa.array([b"x", b"\xff"]).view(pa.string())
    write_table(table, image=pa.array([b"1", b"2"]), label=damaged)
    with pytest.raises(CatalogError, match=r"Cannot read '.*pets.parquet': cannot be read: .*UTF-?8"):
        scan_photos(table)
