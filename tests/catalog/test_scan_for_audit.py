"""An audit sees all photos: copies, leaks and conflicting labels stay, and nothing is split at random."""

import pytest

from headstart.catalog.scan import scan_for_audit
from headstart.errors import CatalogError


def show(catalog, root):
    return {photo.path.relative_to(root).as_posix(): (photo.label, photo.split) for photo in catalog.photos}


def test_copies_leaks_and_conflicting_labels_stay(lay):
    root = lay({"train/cats": 2, "train/dogs": 1, "test/cats": 1})
    photo = (root / "train/cats/000.jpg").read_bytes()
    for name in ("train/cats/copy.jpg", "train/dogs/conflict.jpg", "test/cats/leak.jpg"):
        (root / name).write_bytes(photo)
    catalog = scan_for_audit(root)
    assert show(catalog, root) == {
        "test/cats/000.jpg": ("cats", "test"), "test/cats/leak.jpg": ("cats", "test"),
        "train/cats/000.jpg": ("cats", "train"), "train/cats/001.jpg": ("cats", "train"),
        "train/cats/copy.jpg": ("cats", "train"), "train/dogs/000.jpg": ("dogs", "train"),
        "train/dogs/conflict.jpg": ("dogs", "train"),
    }  # fmt: skip
    assert len({photo.digest for photo in catalog.photos}) == 4


def test_class_folders_get_no_split(lay):
    root = lay({"cats": 3, "dogs": 2, "cats/broken.txt": b"no photo"})
    catalog = scan_for_audit(root)
    assert {photo.split for photo in catalog.photos} == {None}
    assert [skip.path.name for skip in catalog.skipped] == ["broken.txt"]
    assert not catalog.plan.shares


def test_one_class_is_enough(lay):
    assert len(scan_for_audit(lay({"cats": 2})).photos) == 2


def test_a_table_gives_labels_splits_and_groups_by_its_columns(lay):
    root = lay({"photos": 3})
    table = root / "pets.csv"
    table.write_text(
        "file,kind,site,split\nphotos/000.jpg,cat,a,train\nphotos/001.jpg,dog,b,test\nphotos/002.jpg,dog,b,\n"
    )
    catalog = scan_for_audit(table, path_column="file", label_column="kind", group_column="site")
    assert [(photo.label, photo.group, photo.split) for photo in catalog.photos] == [
        ("cat", "a", "train"), ("dog", "b", "test"), ("dog", "b", None),
    ]  # fmt: skip
    assert [photo.group for photo in scan_for_audit(root, group_from="(00[01])").photos] == ["000", "001", None]


def test_no_photo_with_a_label_is_an_error(lay):
    root = lay({"cats/a.txt": b"text", "dogs/b.txt": b"text"})
    with pytest.raises(CatalogError, match=r"got no photo with a label, need class folders .* Left out: "):
        scan_for_audit(root)


def test_names_that_differ_in_case_alone_are_noted(lay):
    assert scan_for_audit(lay({"train/cats": 2, "val/Cats": 2})).select_notes("similar-names")
