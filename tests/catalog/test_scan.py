"""A source becomes a catalog: on files with the first bytes of photos, and on real photos."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from headstart.catalog.scan import scan_labelled, scan_photos
from headstart.errors import CatalogError

JPEG = b"\xff\xd8\xff\xe0"


def show(catalog, root):
    return {photo.path.relative_to(root).as_posix(): photo.split for photo in catalog.photos}


def show_skipped(catalog, root):
    return {skip.path.relative_to(root).as_posix(): skip.reason for skip in catalog.skipped}


def test_class_folders_are_split_70_15_15(lay):
    catalog = scan_photos(lay({"cats": 100, "dogs": 40}))
    assert catalog.counts() == {
        "train": {"cats": 70, "dogs": 28},
        "validation": {"cats": 15, "dogs": 6},
        "test": {"cats": 15, "dogs": 6},
    }
    assert catalog.labels == ("cats", "dogs")
    assert catalog.skipped == ()


def test_without_test_a_fifth_of_validation_becomes_test(lay):
    root = lay({"train/cats": 10, "train/dogs": 10, "val/cats": 10, "val/dogs": 20})
    catalog = scan_photos(root)
    assert catalog.counts()["train"] == {"cats": 10, "dogs": 10}
    assert catalog.counts()["validation"] == {"cats": 8, "dogs": 16}
    assert catalog.counts()["test"] == {"cats": 2, "dogs": 4}
    assert {path.split("/")[0] for path, split in show(catalog, root).items() if split == "train"} == {"train"}


def test_the_note_on_the_layout_says_how_many_photos_each_split_got(lay):
    catalog = scan_photos(lay({"train/cats": 10, "train/dogs": 10, "val/cats": 1, "val/dogs": 1}))
    assert not catalog.select("test")
    assert str(catalog.notes[0]) == (
        "Read as train/, val/. The validation photos were split 80/20 at random: 2 validation, 0 test. A class with "
        "fewer than 2 photos or groups is not split."
    )


def test_an_evaluation_is_not_told_of_a_split_that_does_not_take_place(lay):
    root = lay({"cats": 10, "dogs": 10})
    table = root.parent / "pets.csv"
    table.write_text("path,label\n" + "".join(f"{file},{file.parent.name}\n" for file in root.rglob("*.jpg")))
    assert list(map(str, scan_labelled(table).notes)) == ["Read 20 rows of a CSV."]


def test_without_validation_a_fifth_of_train_becomes_validation(lay):
    root = lay({"training_set/cats": 10, "training_set/dogs": 20, "test_set/cats": 3, "test_set/dogs": 5})
    catalog = scan_photos(root)
    assert catalog.counts()["train"] == {"cats": 8, "dogs": 16}
    assert catalog.counts()["validation"] == {"cats": 2, "dogs": 4}
    assert catalog.counts()["test"] == {"cats": 3, "dogs": 5}


def test_the_split_does_not_depend_on_the_folder_or_the_order_of_files(lay, tmp_path, monkeypatch):
    root = lay({"cats": 30, "dogs": 30})
    first = show(scan_photos(root), root)
    moved = tmp_path / "moved"
    shutil.copytree(root, moved)
    scandir = os.scandir

    class Backwards(list):
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

    monkeypatch.setattr("headstart.catalog.walk.os.scandir", lambda path: Backwards(list(scandir(path))[::-1]))
    assert show(scan_photos(str(moved)), moved) == first
    assert list(show(scan_photos(moved), moved)) == list(first)
    assert show(scan_photos(moved, seed=1), moved) != first


def test_leaks_between_given_splits_are_left_out_of_the_evaluation(lay):
    root = lay({"train/cats": 10, "train/dogs": 10, "test/cats": 3, "test/dogs": 3})
    (root / "test/cats/leak.jpg").write_bytes((root / "train/cats/003.jpg").read_bytes())
    catalog = scan_photos(root)
    assert show_skipped(catalog, root) == {"test/cats/leak.jpg": "identical to a training photo (train/cats/003.jpg)"}
    (leak,) = catalog.select_notes("leak")
    assert leak.text.startswith("Leak: 1 test photo was left out")
    assert catalog.counts()["test"] == {"cats": 3, "dogs": 3}


@pytest.mark.parametrize("other", ["test", "val"])
@pytest.mark.parametrize("seed", range(5))
def test_a_drawn_split_has_no_leak(lay, other, seed):
    root = lay({f"{side}/{label}": 10 for side in ("train", other) for label in ("cats", "dogs")})
    for side in ("train", other):
        for label in ("cats", "dogs"):
            for n in range(8):
                copy = root / side / label / f"copy {n}.jpg"
                copy.write_bytes((root / side / label / f"{n // 2:03}.jpg").read_bytes())
    catalog = scan_photos(root, seed=seed)
    sides = {}
    for photo in catalog.photos:
        assert sides.setdefault(photo.digest, photo.split) == photo.split
    assert len(catalog.photos) == 72
    assert min(sum(of_split.values()) for of_split in catalog.counts().values()) > 0
    assert (
        "32 photos are identical copies of others with the same label. All copies of a photo are in the same split."
        in map(str, catalog.notes)
    )


def test_conflicting_labels_are_left_out_of_all_splits(lay):
    root = lay({"train/cats": 5, "train/dogs": 5, "test/cats": 2, "test/dogs": 2})
    (root / "test/dogs/same.jpg").write_bytes((root / "train/cats/001.jpg").read_bytes())
    catalog = scan_photos(root)
    assert show_skipped(catalog, root) == {
        "test/dogs/same.jpg": "identical photos have different labels ('dogs', but 'cats' as train/cats/001.jpg)",
        "train/cats/001.jpg": "identical photos have different labels ('cats', but 'dogs' as test/dogs/same.jpg)",
    }


def test_classes_are_matched_by_name(lay):
    root = lay({"train/a": 5, "train/b": 5, "val/b": 5, "test/b": 2, "test/c": 3})
    catalog = scan_photos(root)
    assert catalog.labels == ("a", "b")
    assert set(show_skipped(catalog, root).values()) == {"class 'c' has no training photo"}
    assert "Class 'c' is in test but not in train: its 3 photos were left out." in map(str, catalog.notes)
    assert "Classes without a photo in validation: 'a'." in map(str, catalog.notes)
    assert "Classes without a photo in test: 'a'." in map(str, catalog.notes)


def test_files_that_are_no_photos_are_skipped_with_reasons(lay):
    root = lay(
        {
            "cats": 3,
            "dogs": 3,
            "owls": 0,
            "cats/notes.txt": b"about cats",
            "cats/empty.jpg": b"",
            "cats/text.jpg": b"once upon a time",
            "dogs/really a gif.jpg": b"GIF89a dog",
            "dogs/Thumbs.db": b"x",
            "dogs/without suffix": JPEG + b"dog",
        }
    )
    catalog = scan_photos(root)
    assert show_skipped(catalog, root) == {
        "cats/empty.jpg": "empty file",
        "cats/notes.txt": "not a photo: no known signature",
        "cats/text.jpg": "not a photo but text",
    }
    assert len(catalog.photos) == 8
    assert "Classes without a usable photo, which were left out: 'owls'." in map(str, catalog.notes)


def test_a_class_with_one_photo_is_in_train_and_gives_a_note(lay):
    catalog = scan_photos(lay({"cats": 10, "dogs": 1}))
    assert catalog.counts()["train"]["dogs"] == 1
    assert "Only 1 photo each, which trains and cannot be judged: 'dogs'." in map(str, catalog.notes)


NEED = "need at least 2 classes with training photos."


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (
            {"cats": 5, "dogs/a.txt": b"x"},
            rf"got 1 class with training photos \('cats'\), {NEED} Left out: .* \(1, such as '.*a.txt'\)\.",
        ),
        (
            {"cats/a": b"x", "dogs/b": b""},
            rf"got no training photo, {NEED} Left out: .*empty file \(1, such as '.*b'\)",
        ),
        (
            {"train/a": 0, "train/b": 0, "test/a": 3, "test/b": 3},
            r"got no .* class 'b' has no training photo \(3, such as .*",
        ),
        ({"cats/a": JPEG, "dogs/b": JPEG}, r"identical photos have different labels \(2, such as .*"),
        ({"cats": 0, "dogs": 0, "readme.txt": b"x"}, f"got no training photo, {NEED} Add"),
    ],
)
def test_fewer_than_two_classes_is_an_error(lay, layout, message):
    with pytest.raises(CatalogError, match=message):
        scan_photos(lay(layout))


def test_a_missing_path_and_a_file_that_is_no_csv_are_errors(tmp_path):
    with pytest.raises(CatalogError, match="got a path that does not exist, need a folder of photos, a table"):
        scan_photos(tmp_path / "none")
    for path in ("a\0b", "~nobody-of-this-name/pets"):
        with pytest.raises(CatalogError, match="got a path that does not exist"):
            scan_photos(path)
    archive = tmp_path / "photos.zip"
    archive.write_bytes(b"PK\x03\x04\x14\0\0\0")
    with pytest.raises(CatalogError, match=r"need a folder of photos or a CSV\. Unpack an archive"):
        scan_photos(archive)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CatalogError, match="got neither a folder nor a file"):
        scan_photos(tmp_path / "link")


def test_a_csv_with_missing_files_and_groups(lay):
    root = lay({"a": 10, "b": 10})
    rows = [f"{label}/{n:03}.jpg,{label},{label}{n // 2}" for label in "ab" for n in range(11)]
    (root / "photos.csv").write_text("path,label,group\n" + "\n".join(rows))
    catalog = scan_photos(root / "photos.csv")
    assert show_skipped(catalog, root) == {"a/010.jpg": "does not exist", "b/010.jpg": "does not exist"}
    sides = {}
    for photo in catalog.photos:
        assert sides.setdefault(photo.group, photo.split) == photo.split
    assert all(n > 0 for of_split in catalog.counts().values() for n in of_split.values())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", f"got no training photo, {NEED} Add photos"),
        ("a/000.jpg,a,train", rf"got 1 class with training photos \('a'\), {NEED} Add photos"),
        (
            "a/000.jpg,a,test\nb/000.jpg,b,val",
            r"got no training photo, .*class 'a' has no training photo \(1, such as .*",
        ),
        ("x.jpg,a,\ny.jpg,b,", r"Left out: does not exist \(2, such as '.*x.jpg'\)"),
    ],
)
def test_a_csv_without_two_classes_to_train_is_an_error(lay, rows, message):
    root = lay({"a": 1, "b": 1})
    (root / "photos.csv").write_text("path,label,split\n" + rows)
    with pytest.raises(CatalogError, match=message):
        scan_photos(root / "photos.csv")


def test_a_tilde_is_expanded(lay, monkeypatch):
    root = lay({"cats": 3, "dogs": 3})
    monkeypatch.setenv("HOME", str(root.parent))
    assert len(scan_photos("~/pets").photos) == 6


@pytest.mark.parametrize(
    "layout",
    [
        {"cats": 20, "dogs": 7, "owls": 1},
        {"cats": 2, "dogs": 2},
        {"train/cats": 5, "train/dogs": 5, "test/cats": 5, "test/owls": 2},
        {"train/cats": 5, "train/dogs": 5, "val/cats": 1},
    ],
)
def test_a_written_catalog_gives_the_same_split_in_any_folder(lay, tmp_path, monkeypatch, layout):
    lay(layout)
    monkeypatch.chdir(tmp_path)
    catalog = scan_photos("pets", seed=5)
    (tmp_path / "runs" / ".partial").mkdir(parents=True)
    catalog.write_csv(tmp_path / "runs" / ".partial" / "catalog.csv")
    (tmp_path / "runs" / ".partial").rename(tmp_path / "run")
    again = scan_photos(tmp_path / "run" / "catalog.csv", seed=6)

    def list_rows(catalog):
        return [(photo.path.absolute(), photo.label, photo.digest, photo.split) for photo in catalog.photos]

    assert list_rows(again) == list_rows(catalog)


def test_scanning_imports_nothing_heavy(lay):
    code = (
        "import sys; from headstart.catalog.scan import scan_photos; scan_photos(sys.argv[1]).summary();"
        "print([name for name in ('PIL', 'matplotlib', 'pandas', 'scipy', 'simplejpeg') if name in sys.modules])"
    )
    root = lay({"cats": 3, "dogs": 3})
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_progress_is_reported_and_the_source_is_kept(lay):
    calls = []
    root = lay({"cats": 40, "dogs": 40})
    catalog = scan_photos(root, progress=lambda n_done, n_total: calls.append((n_done, n_total)))
    assert calls[-1] == (80, 80)
    assert calls == sorted(calls)
    assert catalog.source == str(root)


def test_photos_are_never_changed(lay):
    root = lay({"cats": 4, "dogs": 4})
    for path in root.rglob("*.jpg"):
        path.chmod(0o444)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in root.rglob("*.jpg")}
    scan_photos(root)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in root.rglob("*.jpg")} == before
    assert len(list(root.rglob("*"))) == 10


def test_the_number_of_calls_is_linear_in_the_number_of_files(lay, monkeypatch):
    def count_calls(n):
        root = lay({"cats": n, "dogs": n}, root=f"pets{n}")
        calls = Counter()
        sys.setprofile(lambda frame, event, arg: calls.update([frame.f_code.co_filename]) if event == "call" else None)
        try:
            scan_photos(root)
        finally:
            sys.setprofile(None)
        # not those of a progress bar, which a loaded machine imports and shows
        return sum(n for file, n in calls.items() if Path(file).parent.name == "catalog")

    assert count_calls(800) < 4.4 * count_calls(200)


def test_class_folders_of_real_photos_are_scanned(real_photos):
    catalog = scan_photos(real_photos / "rice-leaf")
    assert catalog.labels == ("bacterial_leaf_blight", "blast", "brownspot")
    assert len(catalog.photos) - len({photo.digest for photo in catalog.photos}) == 21
    assert any(note.text.startswith("21 photos are identical copies") for note in catalog.notes)
    shares = {split: len(catalog.select(split)) / 276 for split in ("train", "validation", "test")}
    assert shares == pytest.approx({"train": 0.7, "validation": 0.15, "test": 0.15}, abs=0.01)


def test_two_splits_of_real_photos_are_scanned(real_photos):
    catalog = scan_photos(real_photos / "ants-bees")
    assert {split: len(catalog.select(split)) for split in ("train", "validation", "test")} == {
        "train": 244,
        "validation": 122,
        "test": 31,
    }


def test_classes_that_differ_in_case_alone_are_noted(lay):
    catalog = scan_photos(lay({"Cat": 3, "cat": 3, "dog": 3}))
    assert catalog.labels == ("Cat", "cat", "dog")
    assert "'Cat' and 'cat'" in str(catalog.select_notes("similar-names")[0])
    assert scan_photos(lay({"cat": 3, "dog": 3}, root="others")).select_notes("similar-names") == ()


def test_the_layout_says_which_folders_are_the_classes(lay):
    root = lay({"2023/cats": 3, "2023/dogs": 3, "2024/cats": 3, "2024/dogs": 3})
    assert scan_photos(root, layout="inner").labels == ("cats", "dogs")
    assert scan_photos(root, layout="outer").labels == ("2023", "2024")
    assert len(scan_labelled(root, layout="inner").photos) == 12
    with pytest.raises(CatalogError, match="need to know which folders are the classes"):
        scan_photos(root)
    with pytest.raises(CatalogError, match="need to know which folders are the classes"):
        scan_labelled(root)


def test_a_doubled_test_folder_alone_can_be_evaluated(lay):
    catalog = scan_labelled(lay({"test_set/test_set/cats": 2, "test_set/test_set/dogs": 2}))
    assert {(photo.label, photo.split) for photo in catalog.photos} == {("cats", "test"), ("dogs", "test")}
