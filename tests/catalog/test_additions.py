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
    assert len(grown.photos) == len(kept.photos) - 1
    assert sum(photo.split == "test" for photo in grown.photos) == 5
    assert [note.code for note in grown.notes[-2:]] == ["several-sources", "conflicting-labels"]
    assert f"1 photo of {table} is in the run already, and counts once." in grown.notes[-2].text
    assert grown.skipped[0].reason == f"identical to a photo of the run ('{pets}/test/cats/000.jpg')"


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
