"""Photos are added to photos whose splits stay as they are."""

from dataclasses import replace

import pytest

from headstart.catalog.additions import join_additions, plan_additions
from headstart.catalog.redrawing import redraw_splits
from headstart.catalog.scan import scan_photos
from headstart.catalog.source import find_source
from headstart.catalog.split import KEEP_ALL, SplitPlan
from headstart.errors import CatalogError


def name_new(**counts):
    """Return files with other content than those that `lay` makes from numbers."""
    return {
        f"{label}/{n}.jpg": b"\xff\xd8\xff\xe0" + f"new {label} {n}".encode()
        for label in counts
        for n in range(counts[label])
    }


@pytest.mark.parametrize(
    ("plan", "shares"),
    [
        (SplitPlan(None, {"train": 70, "validation": 15, "test": 15}), {"train": 70, "validation": 15, "test": 15}),
        (SplitPlan("train", {"train": 80, "validation": 20}), {"train": 80, "validation": 20}),
        (SplitPlan("validation", {"validation": 80, "test": 20}), {"train": 100}),
        (KEEP_ALL, {"train": 100}),
    ],
)
def test_added_photos_are_divided_as_the_others_were_or_go_to_train(plan, shares):
    assert plan_additions(plan) == SplitPlan(None, shares)


def test_the_splits_stay_and_new_photos_are_divided(lay):
    kept = scan_photos(lay({"cats": 60, "dogs": 60}), seed=3)
    grown = join_additions(kept, find_source(lay(name_new(cats=20, owls=20), "more")))
    splits = {photo.digest: photo.split for photo in grown.photos}
    assert {photo.digest: photo.split for photo in kept.photos}.items() <= splits.items()
    assert [len(grown.select(split)) for split in ("train", "validation", "test")] == [84 + 28, 18 + 6, 18 + 6]
    assert grown.labels == ("cats", "dogs", "owls")
    assert "The photos without a split were split 70/15/15 at random: 28 train" in grown.select_notes("layout")[-1].text
    copies = {photo.digest: "1" for photo in (grown.photos[0], grown.photos[-1])}
    again = redraw_splits(grown, near_copies=copies)
    assert again.photos[: len(kept.photos)] == (replace(kept.photos[0], near_copies="1"), *kept.photos[1:])
    assert again.photos[-1].split == kept.photos[0].split


def test_photos_that_are_known_count_once_and_keep_their_split(lay, tmp_path):
    pets = lay({"train/cats": 5, "train/dogs": 5, "valid/cats": 3, "valid/dogs": 3, "test/cats": 3, "test/dogs": 3})
    kept = scan_photos(pets)
    table = tmp_path / "more.csv"
    table.write_text("path,label,split\npets/test/cats/000.jpg,cats,train\npets/test/dogs/000.jpg,cats,test\n")
    grown = join_additions(kept, find_source(table))
    assert [(p.file, p.split) for p in grown.photos] == [(p.file, p.split) for p in kept.photos]
    changed = [photo.file for photo, was in zip(grown.photos, kept.photos, strict=True) if photo.label != was.label]
    assert changed == [f"{pets}/test/dogs/000.jpg"]
    assert [note.code for note in grown.notes[-2:]] == ["several-sources", "corrected-labels"]
    assert f"2 photos of {table} are in the run already, and count once." in grown.notes[-2].text
    assert grown.notes[-1].text == (
        f"1 photo of the run has another label in {table}, and has it now, such as {pets}/test/dogs/000.jpg ('dogs' "
        "before, 'cats' now)."
    )
    assert grown.skipped == ()  # they are the photos of the run themselves
    copy = tmp_path / "copies/dogs/copy.jpg"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((pets / "train/dogs/000.jpg").read_bytes())
    (skip,) = join_additions(kept, find_source(tmp_path / "copies")).skipped
    assert (skip.path, skip.reason) == (copy, f"identical to a photo of the run ('{pets}/train/dogs/000.jpg')")


def test_two_sources_that_disagree_on_a_photo_of_the_run_correct_nothing(lay, tmp_path):
    kept = scan_photos(lay({"cats": 5, "dogs": 5, "owls": 5}))
    tables = [tmp_path / f"{label}.csv" for label in ("dogs", "owls")]
    for table in tables:
        table.write_text(f"path,label\npets/cats/000.jpg,{table.stem}\n")
    grown = join_additions(kept, find_source(tables))
    assert len(grown.photos) == 14
    (note,) = grown.select_notes("conflicting-labels")
    assert note.text.startswith("1 photo was left out because it has two labels, such as ")
    assert "corrected-labels" not in {note.code for note in grown.notes}


@pytest.mark.parametrize("inner", ["", "2024", "a/b"])
def test_a_folder_that_holds_photos_of_the_run_without_their_classes_only_says_where_they_lie(lay, tmp_path, inner):
    kept = scan_photos(lay({"cats": 10, "dogs": 10}))
    flat = tmp_path / "flat" / inner
    flat.mkdir(parents=True)
    moved = []
    for number, photo in enumerate(kept.photos):
        photo.path.rename(flat / f"{number}.jpg")
        moved.append(replace(photo, file=str(flat / f"{number}.jpg")))
    kept = replace(kept, photos=tuple(moved))
    grown = join_additions(kept, find_source(tmp_path / "flat"))
    assert (grown.photos, grown.skipped) == (kept.photos, ())
    told = "20 photos of the run were found in" if inner == "" else "20 photos of the run lie in"
    assert f"{told} " in " ".join(map(str, grown.notes))
    (flat / "new.jpg").write_bytes(b"\xff\xd8\xff\xe0new")
    grown = join_additions(kept, find_source(tmp_path / "flat"))
    assert grown.photos[:20] == kept.photos
    if inner:
        assert [photo.label for photo in grown.photos[20:]] == [inner[-4:].removeprefix("a/")]
        return
    assert grown.photos == kept.photos
    assert "1 other photo in it has no label, and was not added: put" in " ".join(map(str, grown.notes))
    more = lay(name_new(owls=3), "more")
    assert join_additions(kept, find_source([more, tmp_path / "flat"])).labels == ("cats", "dogs", "owls")


def test_photos_that_were_moved_to_a_folder_of_another_name_keep_their_labels(lay, tmp_path):
    pets = lay({"cats": 10, "dogs": 10})
    kept = scan_photos(pets)
    for photo in kept.photos[:5]:
        (pets / "old").mkdir(exist_ok=True)
        photo.path.rename(pets / "old" / photo.path.name)
    moved = [replace(photo, file=str(pets / "old" / photo.path.name)) for photo in kept.photos[:5]]
    kept = replace(kept, photos=(*moved, *kept.photos[5:]))
    grown = join_additions(kept, find_source(pets))
    assert grown.photos == kept.photos
    told = "5 photos of the run lie in {} in folders that are named like none of its classes ('old'), and keep their"
    assert told.format(pets) in " ".join(map(str, grown.notes))
    table = tmp_path / "owls.csv"
    table.write_text("path,label\npets/old/000.jpg,owls\n")
    assert join_additions(kept, find_source(table)).labels == ("cats", "dogs", "owls")


def test_groups_of_new_photos_join_those_of_the_run(lay):
    pets = lay({"cats/a": 4, "dogs/a": 4, "cats/b": 4, "dogs/b": 4, "cats/c": 4, "dogs/c": 4})
    kept = scan_photos(pets, group_from="folder")
    more = lay(name_new(**{"cats/a": 2, "dogs/a": 2}), "more")
    grown = join_additions(kept, find_source(more, group_from="folder"))
    assert {photo.group for photo in grown.photos[-4:]} == {"a"}
    assert {photo.split for photo in grown.photos if photo.group == "a"} == {kept.photos[0].split}


def test_a_photo_that_is_forgotten_is_not_added_again(lay):
    kept, more = scan_photos(lay({"cats": 10, "dogs": 10})), lay(name_new(cats=3), "more")
    (gone,) = scan_photos([more, lay({"owls": 3}, "others")]).photos[:1]
    grown = join_additions(kept, find_source(more), forgotten=frozenset({gone.digest}))
    assert [skip.reason for skip in grown.skipped] == ["identical to a photo that is forgotten"]
    assert len(grown.photos) == 22


def test_a_folder_of_a_known_class_is_the_class_also_around_other_folders(lay):
    kept = scan_photos(lay({"cats": 10, "dogs": 10}))
    more = lay(name_new(**{"cats/monday": 2, "cats/sunday": 2}), "more")
    assert join_additions(kept, find_source(more)).labels == ("cats", "dogs")
    assert len(join_additions(kept, find_source(more)).photos) == 24
    wrapped = lay(name_new(**{"cats/cats": 2, "cats/owls": 2}), "wrapped")
    assert join_additions(kept, find_source(wrapped)).labels == ("cats", "dogs", "owls")
    alone = lay(name_new(**{"owls/monday": 2}), "alone")
    assert join_additions(kept, find_source(alone)).labels == ("cats", "dogs", "monday")


def test_without_a_source_the_photos_stay_as_they_are(lay):
    kept = scan_photos(lay({"cats": 10, "dogs": 10}))
    assert join_additions(kept, None).photos == kept.photos
    with pytest.raises(CatalogError, match="got no class folder"):
        join_additions(kept, find_source(lay({"1.jpg": b"\xff\xd8\xff"}, "flat")))
