"""Several sources become one catalog, in which each photo counts once."""

import shutil
import tarfile

import pandas as pd
import pytest

from headstart.catalog.scan import scan_labelled, scan_photos
from headstart.catalog.several_sources import drop_repeated, join_listings
from headstart.catalog.source import find_source, read_source, refuse_several
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import CatalogError


def count(catalog):
    return {split: sum(n.values()) for split, n in catalog.counts().items()}


def test_folders_and_tables_are_joined_before_the_split(lay, tmp_path):
    pets, more = lay({"cats": 60, "dogs": 40}), lay({"birds": 20}, "more")
    (tmp_path / "more.csv").write_text(
        "path,label\n" + "".join(f"more/birds/{n:03}.jpg,{'cats' if n < 10 else 'owls'}\n" for n in range(20))
    )
    catalog = scan_photos([pets, tmp_path / "more.csv"])
    assert count(catalog) == {"train": 84, "validation": 18, "test": 18}
    assert catalog.counts()["train"] == {"cats": 49, "dogs": 28, "owls": 7}
    assert catalog.sources == (str(pets), str(tmp_path / "more.csv"))
    assert catalog.source == f"{pets} + {tmp_path / 'more.csv'}"
    (note,) = catalog.select_notes("layout")
    assert note.text.startswith(f"{pets}: Read as class folders. {tmp_path / 'more.csv'}: Read 20 rows of a CSV. All ")
    assert scan_photos([pets]) == scan_photos(pets)
    assert scan_photos([str(pets), more]).labels == ("birds", "cats", "dogs")


def test_a_folder_beside_others_may_have_one_class_and_no_split_to_train_on(lay):
    pets, tested = lay({"cats": 10, "dogs": 10}), lay({"test/cats": 3, "test/dogs": 2}, "tested")
    inner = lay({"cats/monday": 2}, "inner")
    assert scan_photos([pets, inner]).labels == ("cats", "dogs")
    catalog = scan_photos([pets, tested])
    assert count(catalog) == {"train": 16, "validation": 4, "test": 5}
    empty = lay({"000.jpg": b"\xff\xd8\xff\xe0loose"}, "flat")
    with pytest.raises(CatalogError, match=r"got no class folder and 1 photo outside, need at least 1 class folder\."):
        scan_photos([pets, empty])


@pytest.mark.parametrize("is_by_path", [True, False])
def test_a_photo_of_two_sources_counts_once_with_the_facts_of_both(lay, tmp_path, is_by_path):
    pets = lay({"cats": 10, "dogs": 10})
    place = "pets" if is_by_path else "copies"
    if not is_by_path:
        shutil.copytree(pets, tmp_path / "copies")
    table = tmp_path / "more.csv"
    table.write_text(f"path,label,split,group\n{place}/cats/000.jpg,cats,test,tom\n{place}/dogs/001.jpg,dogs,,rex\n")
    catalog = scan_photos([pets, table])
    assert len(catalog.photos) == 20
    found = {photo.path.relative_to(pets).as_posix(): photo for photo in catalog.photos}
    assert (found["cats/000.jpg"].split, found["cats/000.jpg"].group) == ("test", "tom")
    assert found["dogs/001.jpg"].group == "rex"
    (note,) = catalog.select_notes("several-sources")
    assert note.text.startswith("2 photos of one source are ")
    assert [skip.path.name for skip in catalog.skipped] == ([] if is_by_path else ["000.jpg", "001.jpg"])
    if not is_by_path:
        assert catalog.skipped[0].reason == f"identical to '{pets}/cats/000.jpg' of another source"
    assert len(scan_labelled([pets, table]).photos) == 20


def test_two_labels_are_a_conflict_and_two_splits_a_leak(lay, tmp_path):
    pets = lay({"train/cats": 5, "train/dogs": 5, "test/cats": 3, "test/dogs": 3})
    table = tmp_path / "more.csv"
    table.write_text(
        "path,label,split\npets/train/cats/000.jpg,dogs,train\npets/test/cats/000.jpg,cats,train\n"
        "pets/test/dogs/001.jpg,dogs,\n"
    )
    catalog = scan_photos([pets, table])
    assert [note.code for note in catalog.notes if note.severity == "warning"] == ["conflicting-labels", "leak"]
    (note,) = catalog.select_notes("conflicting-labels")
    assert note.text.startswith("1 photo was left out because it has two labels, such as ")
    assert f"('cats' in {pets}, 'dogs' in {table}). Keep the label that is right." in note.text
    assert len(catalog.photos) == 15
    assert catalog.counts()["test"] == {"cats": 2, "dogs": 3}  # a row without a split takes none from the other


def test_copies_within_one_source_stay(lay, make_photo):
    photos = [make_photo("a", digest="1"), make_photo("b", digest="1"), make_photo("c", digest="1", split="test")]
    kept, skipped, notes = drop_repeated(photos, [0, 0, 1])
    assert [(photo.file, photo.split) for photo in kept] == [("a", "test"), ("b", "test")]
    assert [str(skip.path) for skip in skipped] == ["c"]
    assert "1 photo of one source is identical" in notes[0].text
    assert drop_repeated(photos, [0, 0, 0]) == (photos, [], [])


def test_photos_without_a_split_are_divided_by_what_is_missing(lay, tmp_path):
    more = lay({"cats": 10, "dogs": 10}, "more")
    splits = {f"{split}/{label}": 10 for split in ("train", "test") for label in ("cats", "dogs")}
    tested = scan_photos([lay(splits, "tested"), more])
    assert count(tested) == {"train": 32, "validation": 8, "test": 20}
    assert "The train photos were split 80/20 at random" in tested.select_notes("layout")[0].text
    whole = scan_photos([lay(splits | {"valid/cats": 5, "valid/dogs": 5}, "whole"), more])
    assert count(whole) == {"train": 40, "validation": 10, "test": 20}
    table = tmp_path / "more.csv"
    table.write_text("path,label,split\n" + "".join(f"more/cats/{n:03}.jpg,cats,validation\n" for n in range(10)))
    assert count(scan_photos([tmp_path / "tested", table])) == {"train": 20, "validation": 10, "test": 20}


def test_a_file_without_a_label_in_one_source_may_have_one_in_another(lay, tmp_path):
    pets = lay({"cats": 4, "dogs": 4, "loose.jpg": b"\xff\xd8\xff\xe0loose"})
    table = tmp_path / "more.csv"
    table.write_text("path,label\npets/loose.jpg,dogs\n")
    assert len(scan_photos(pets).skipped) == 1
    catalog = scan_photos([pets, table])
    assert (len(catalog.photos), catalog.skipped) == (9, ())


def test_options_of_reading_are_for_the_sources_that_have_them(lay, tmp_path):
    pets = lay({"cats/monday": 3, "cats/friday": 3, "dogs/monday": 3, "dogs/friday": 3, "dogs/sunday": 3})
    table = tmp_path / "more.csv"
    more = lay({"cats/sunday": 3}, "more")
    table.write_text("where,what\n" + "".join(f"more/cats/sunday/{n:03}.jpg,cats\n" for n in range(3)))
    columns = ColumnNames(path="where", label="what")
    found = find_source([pets, table], columns, layout="outer", group_from="folder")
    assert [(part.kind, part.layout, part.columns == columns) for part in found.parts] == [
        ("folder", "outer", False), ("csv", "auto", True),
    ]  # fmt: skip
    listing = read_source(found, is_for_training=True)
    assert {photo.group for photo in listing.photos} == {"monday", "friday", "sunday"}
    assert listing.find_root(more / "cats" / "x.jpg") == tmp_path
    assert listing.find_root(pets / "x.jpg") == pets
    assert [part.here for part in found.make_absolute().parts] == [found.make_absolute().here] * 2
    with pytest.raises(CatalogError, match="got --path-column for what has no columns"):
        find_source([pets, more], columns)
    with pytest.raises(CatalogError, match="Cannot use layout 'inner' for"):
        find_source([table, table], layout="inner")


def test_tables_in_memory_are_sources_too(lay):
    pets = lay({"cats": 4, "dogs": 4})
    more = sorted(map(str, lay({"owls": 4}, "more").rglob("*.jpg")))
    frame = pd.DataFrame({"path": more, "label": ["owls"] * 4})
    for table in (frame, (more, ["owls"] * 4)):
        catalog = scan_photos([pets, table])
        assert catalog.labels == ("cats", "dogs", "owls")
        assert catalog.sources == (str(pets), "table")


def test_what_cannot_be_joined_is_refused(lay, tmp_path):
    from headstart.catalog.manifest import Manifest

    pets, embedded = lay({"cats": 4, "dogs": 4}), tmp_path / "embedded"
    embedded.mkdir()
    Manifest({}, "pets", parts=("part-0.parquet",)).write(embedded)
    with pytest.raises(CatalogError, match="together with other sources: got the output of headstart embed, need"):
        scan_photos([pets, embedded])
    with pytest.raises(CatalogError, match=r"Cannot scan \[\]: got no source, need one or more"):
        scan_photos([])
    with pytest.raises(CatalogError, match=r"Cannot audit 2 sources: got '.*', need one"):
        refuse_several(find_source([pets, pets]), "audit")


def test_a_missing_file_of_a_table_is_explained_by_the_folder_of_the_table(lay, tmp_path):
    pets = lay({"cats": 4, "dogs": 4})
    table = tmp_path / "tables" / "more.csv"
    table.parent.mkdir()
    table.write_text("path,label\nmissing/1.jpg,cats\n")
    catalog = scan_photos([pets, table])
    assert f"there is no 'missing' in '{tmp_path}/tables'" in catalog.select_notes("missing-files")[0].text


def test_the_notes_of_each_source_name_it(lay, tmp_path):
    pets = lay({"cats": 4, "dogs": 4})
    table = tmp_path / "more.csv"
    table.write_text("path,label,colour\npets/cats/000.jpg,cats,red\n")
    listings = [read_source(find_source(source), is_for_training=True) for source in (pets, table)]
    joined = join_listings(["pets", "more.csv"], listings)
    assert [note.text.partition(":")[0] for note in joined.notes if note.code == "unused-column"] == ["more.csv"]


def test_tables_and_shards_are_joined_with_folders(lay, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow as pa

    pets, owls = lay({"cats": 4, "dogs": 4}), lay({"owls": 4, "rats": 4}, "others")
    files = sorted(map(str, (owls / "owls").iterdir()))
    parquet.write_table(pa.table({"path": files, "label": ["owls"] * 4}), tmp_path / "owls.parquet")
    with tarfile.open(tmp_path / "test-0.tar", "w") as shard:
        for path in sorted((owls / "rats").iterdir()):
            shard.add(path, f"rats/{path.name}")
        shard.add(pets / "cats" / "000.jpg", "cats/again.jpg")
    catalog = scan_photos([pets, tmp_path / "owls.parquet", tmp_path / "test-0.tar"])
    assert catalog.labels == ("cats", "dogs", "owls")
    assert {photo.split for photo in catalog.photos if photo.digest == catalog.photos[0].digest} == {"test"}
    assert [skip.reason for skip in catalog.skipped if skip.path.name == "again.jpg"] == [
        f"identical to '{pets}/cats/000.jpg' of another source"
    ]
    assert [note.text for note in catalog.select_notes("class-not-in-train")] == [
        "Class 'rats' is in test but not in train: its 4 photos were left out."
    ]
