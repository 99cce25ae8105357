"""Photos inside tables, as model hubs and the library ``datasets`` write them, give the catalog of the same files."""

import hashlib
import json
from pathlib import Path

import pytest

from headstart.catalog.photo_search import find_photos
from headstart.catalog.picture_table_files import find_nested_tables
from headstart.catalog.scan import scan_labelled, scan_photos
from headstart.errors import CatalogError
from headstart.features.photo_blocks import list_blocks
from headstart.pixels.photo_bytes import read_bytes

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def photos(tmp_path_factory, paint_folder):
    folder = paint_folder(tmp_path_factory.mktemp("painted") / "photos", n=6)
    return [
        (path.read_bytes(), path.parent.name, f"{path.parent.name}/{path.name}") for path in sorted(folder.glob("*/*"))
    ]


def make_table(photos, *, names=("dots", "stripes"), column="image", label="label", **columns):
    """Make a table as the library ``datasets`` does; without names, labels are texts."""
    records = [{"bytes": data, "path": name} for data, _, name in photos]
    labels = [names.index(text) if names else text for _, text, _ in photos]
    features = {column: {"_type": "Image"}, label: {"names": list(names), "_type": "ClassLabel"}}
    table = pa.table({column: records, label: labels} | columns)
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})} if names else {})


def write(table, path, *, is_file=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=4)
        return path
    with (
        pa.OSFile(str(path), "wb") as sink,
        (pa.ipc.new_file if is_file else pa.ipc.new_stream)(sink, table.schema) as out,
    ):
        out.write_table(table, max_chunksize=4)
    return path


def facts(catalog):
    return sorted((photo.digest, photo.label, photo.split) for photo in catalog.photos)


@pytest.mark.parametrize("names", [("dots", "stripes"), ()])
@pytest.mark.parametrize(("name", "is_file"), [("pets.parquet", False), ("pets.arrow", False), ("pets.arrow", True)])
def test_photos_in_a_table_give_the_catalog_of_the_files(photos, tmp_path, names, name, is_file):
    for data, _, file in photos:
        (tmp_path / "photos" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / file).write_bytes(data)
    path = write(make_table(photos, names=names), tmp_path / name, is_file=is_file)
    catalog = scan_photos(path)
    assert facts(catalog) == facts(scan_photos(tmp_path / "photos"))
    assert str(catalog.notes[0]).startswith("Read as tables with pictures. All photos were split 70/15/15")
    assert catalog.photos[7].file == str(path / "image" / "000000007_001.jpg")
    for photo in catalog.photos:
        assert hashlib.sha256(read_bytes(photo.path)).hexdigest() == photo.digest
    catalog.write_csv(tmp_path / "catalog.csv")
    assert facts(scan_labelled(tmp_path / "catalog.csv")) == facts(catalog)
    assert find_photos([path]) == [photo.path for photo in catalog.photos]
    assert find_photos([catalog.photos[3].path]) == [catalog.photos[3].path]
    (block, _) = list_blocks(path)
    assert [photo.digest for photo in block.photos] == [photo.digest for photo in catalog.photos]
    assert all(block.stamps)


def test_shards_are_split_by_their_names(photos, tmp_path):
    (tmp_path / "README.md").write_text("# Pets")
    for name, some in [
        ("train-00000-of-00002", photos[::3]),
        ("train-00001-of-00002", photos[1::3]),
        ("test-0", photos[2::3]),
    ]:
        write(make_table(some), tmp_path / "data" / f"{name}.parquet")
    catalog = scan_labelled(tmp_path)
    assert [len(catalog.select(split)) for split in ("train", "validation", "test")] == [8, 0, 4]
    assert str(scan_photos(tmp_path).notes[0]).endswith(
        "The train photos were split 80/20 at random: 6 train, 2 validation."
    )


def test_a_saved_data_set_has_a_folder_for_each_split(photos, tmp_path):
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test", "unlabelled"]}')
    for split, some in [("train", photos[::2]), ("test", photos[1::2])]:
        write(make_table(some), tmp_path / split / "data-00000-of-00001.arrow")
        (tmp_path / split / "state.json").write_text("{}")
        (tmp_path / split / "cache-0123.arrow").write_bytes(b"indices")
    catalog = scan_labelled(tmp_path)
    assert [len(catalog.select(split)) for split in ("train", "test")] == [6, 6]
    assert len(scan_labelled(tmp_path / "train").photos) == 6


def test_folders_of_photos_are_no_tables(photos, tmp_path):
    write(make_table(photos), tmp_path / "metadata.parquet")
    (tmp_path / "cats").mkdir()
    assert find_nested_tables(tmp_path) == []
    (tmp_path / "cats").rmdir()
    assert find_nested_tables(tmp_path) == [tmp_path / "metadata.parquet"]
    (tmp_path / "1.jpg").touch()
    assert find_nested_tables(tmp_path) == []


def test_a_column_of_bytes_and_columns_with_other_names_are_read(photos, tmp_path):
    table = pa.table(
        {"picture": [data for data, _, _ in photos], "category": [text for _, text, _ in photos],
         "patient": list("aabbccddeeff"), "split": ["train"] * 6 + ["test"] * 6}
    )  # fmt: skip
    catalog = scan_labelled(write(table, tmp_path / "a.parquet"))
    assert len(catalog.photos) == 12
    assert [(photo.group, photo.split) for photo in catalog.photos[5:7]] == [("c", "train"), ("d", "test")]
    assert "took 'category' as label, 'patient' as group" in str(catalog.notes[-1])


def test_rows_that_cannot_be_used_are_skipped_with_the_reason(photos, tmp_path):
    images = [{"bytes": data, "path": None} for data, _, _ in photos[:7]]
    images[1] = None
    images[2] = {"bytes": None, "path": None}
    images[3] = {"bytes": b"no photo", "path": "a b.jpg"}
    images[4] = {"bytes": None, "path": "elsewhere/1.jpg"}
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.jpg").write_bytes(photos[11][0])
    table = (
        make_table(photos[:7])
        .set_column(0, "image", pa.array(images))
        .set_column(1, "label", pa.array([0, 0, 1, 1, 1, -1, 7]))
    )
    catalog = scan_labelled(
        write(table.replace_schema_metadata(make_table(photos).schema.metadata), tmp_path / "a.parquet")
    )
    assert [(photo.path.name, photo.label) for photo in catalog.photos] == [("000000000", "dots"), ("1.jpg", "stripes")]
    reasons = {skip.path.name: skip.reason for skip in catalog.skipped}
    assert reasons.pop("000000003_a_b.jpg")
    assert reasons == {
        "000000001": "the row has no picture", "000000002": "the row has no picture", "000000005": "has no label",
        "000000006": "has the label 7, need one of the 2 classes of the table",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "given", "message"),
    [
        ({"mask": [b"x"], "image": [b"y"]}, {}, r"got no column 'label' \(its columns: mask, image\), need"),
        ({"a": [b"x"], "b": [b"y"]}, {}, r"columns 'a' and 'b' of pictures, need one. Choose with --path-column"),
        ({"image": [b"x"], "fine_label": [1]}, {}, r"got no column 'label' \(its columns: image, fine_label\)"),
        ({"image": [b"x"], "labels": [[1]]}, {}, "got lists in column 'labels', need one label for each photo"),
        ({"image": [b"x"], "label": [1]}, {"label_column": "lable"}, "no column 'lable' for label, did you mean"),
        ({"text": ["x"], "label": [1]}, {}, r"got no column 'path' \(its columns: text, label\)"),
    ],
)  # fmt: skip
def test_unclear_columns_are_named(tmp_path, columns, given, message):
    path = write(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(CatalogError, match=f"Cannot read '.*a.parquet': .*{message}"):
        scan_photos(path, **given)


def test_the_user_chooses_among_columns(photos, tmp_path):
    table = make_table(photos, mask=[b"x"] * 12, other=[{"bytes": b"y", "path": ""}] * 12, breed=["a", "b"] * 6)
    path = write(table, tmp_path / "a.parquet")
    assert {photo.label for photo in scan_photos(path).photos} == {"dots", "stripes"}
    assert {photo.label for photo in scan_photos(path, path_column="image", label_column="breed").photos} == {"a", "b"}


def test_damaged_tables_are_errors(photos, tmp_path):
    for name in ("a.parquet", "a.arrow"):
        path = write(make_table(photos), tmp_path / name)
        whole = path.read_bytes()
        for data in (whole[: len(whole) // 2], b"no table", b""):
            path.write_bytes(data)
            with pytest.raises(CatalogError, match=rf"Cannot read '.*{name}': (cannot be read|got no column)"):
                scan_photos(path)
            with pytest.raises(CatalogError, match=rf"Cannot read '.*{name}': (cannot be read|got no column)"):
                find_photos([path])
    with pytest.raises(
        CatalogError, match=r"got no column of pictures \(its columns: path, label\), need one of bytes"
    ):
        scan_photos(write(pa.table({"path": ["a"], "label": ["b"]}), Path(tmp_path / "b.arrow")))
