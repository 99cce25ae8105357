"""Identical photos: conflicting labels and leaks are left out, copies are counted."""

from headstart.catalog.leaks import drop_conflicts, drop_leaks, note_copies


def name(photo):
    return photo.path.as_posix()


def test_all_copies_with_conflicting_labels_are_left_out(make_photo):
    photos = [
        make_photo("cats/1", "cats", digest="x"),
        make_photo("cats/2", "cats", digest="y"),
        make_photo("dogs/7", "dogs", digest="x"),
        make_photo("cats/3", "cats", digest="x"),
    ]
    kept, skipped, notes = drop_conflicts(photos, name)
    assert [name(photo) for photo in kept] == ["cats/2"]
    assert [(skip.path.as_posix(), skip.reason) for skip in skipped] == [
        ("cats/1", "identical photos have different labels ('cats', but 'dogs' as dogs/7)"),
        ("dogs/7", "identical photos have different labels ('dogs', but 'cats' as cats/1)"),
        ("cats/3", "identical photos have different labels ('cats', but 'dogs' as dogs/7)"),
    ]
    assert list(map(str, notes)) == [
        "3 photos were left out because identical photos have different labels, such as cats/1 and dogs/7. "
        "Keep the one that is right."
    ]


def test_a_file_with_two_labels_is_one_photo_and_both_labels_are_named(make_photo):
    photos = [make_photo(f"{n}", label, digest=f"{n}") for n in range(3) for label in ("cats", "dogs")]
    kept, skipped, (note,) = drop_conflicts(photos, name, lambda photo: f"'{photo.label}' in {photo.label}.csv")
    assert kept == []
    assert [skip.path.as_posix() for skip in skipped] == ["0", "1", "2"]
    assert skipped[0].reason == "identical photos have different labels ('cats' and 'dogs')"
    assert note.text == (
        "3 photos were left out because each has two labels, such as 0 ('cats' in cats.csv, 'dogs' in dogs.csv). Keep "
        "the label that is right."
    )


def test_without_conflicts_and_leaks_there_is_no_note(make_photo):
    photos = [make_photo("a", digest="x"), make_photo("b", digest="x")]
    assert drop_conflicts(photos, name) == (photos, [], [])
    assert drop_leaks(photos, name) == (photos, [], [])


def test_leaks_are_left_out_of_the_later_split(make_photo):
    photos = [
        make_photo("test/1", split="test", digest="x"),
        make_photo("train/1", split="train", digest="x"),
        make_photo("val/1", split="validation", digest="x"),
        make_photo("val/2", split="validation", digest="y"),
        make_photo("test/2", split="test", digest="y"),
        make_photo("test/3", split="test", digest="z"),
        make_photo("none", split=None, digest="z"),
    ]
    kept, skipped, notes = drop_leaks(photos, name)
    assert [name(photo) for photo in kept] == ["train/1", "val/2", "test/3", "none"]
    assert {skip.path.as_posix(): skip.reason for skip in skipped} == {
        "test/1": "identical to a training photo (train/1)",
        "val/1": "identical to a training photo (train/1)",
        "test/2": "identical to a validation photo (val/2)",
    }
    assert list(map(str, notes)) == [
        "Leak: 1 test photo was left out of test because identical photos are in train: test/1 (as train/1).",
        "Leak: 1 test photo was left out of test because identical photos are in validation: test/2 (as val/2).",
        "Leak: 1 validation photo was left out of validation because identical photos are in train: "
        "val/1 (as train/1).",
    ]


def test_many_leaks_are_counted_with_three_examples(make_photo):
    photos = [make_photo(f"train/{n}", split="train", digest=f"{n}") for n in range(5)]
    photos += [make_photo(f"test/{n}", split="test", digest=f"{n}") for n in range(5)]
    (note,) = drop_leaks(photos, name)[2]
    assert note.text.startswith("Leak: 5 test photos were left out of test")
    assert note.text.endswith("test/0 (as train/0), test/1 (as train/1), test/2 (as train/2) and 2 more.")


def test_copies_are_counted(make_photo):
    photos = [make_photo(f"{n}", digest=f"{n % 3}") for n in range(4)]
    assert note_copies(photos)[0].text.startswith("1 photo is an identical copy of another with the same label")
    assert note_copies(photos[:3]) == []
