"""The random part of a split can be drawn again; what folders or rows name stays."""

from collections import Counter, defaultdict

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.catalog.redrawing import leave_out, redraw_splits
from headstart.catalog.split import SplitPlan, assign_splits, describe_split, plan_folders
from headstart.evaluation.notes import Note


def draw(photos, plan, seed=0):
    divided, _ = assign_splits(photos, plan, seed)
    note = Note("layout", f"Class folders. {describe_split(plan, photos, divided)}")
    return Catalog(tuple(divided), notes=(note,), seed=seed, plan=plan)


def make_photos(n=200, split=None):
    return [Photo(f"{split}{i}.jpg", "ab"[i % 2], digest=f"{split}{i:04}", split=split) for i in range(n)]


def test_the_same_seed_draws_the_same_split():
    catalog = draw(make_photos(), plan_folders(set()))
    assert redraw_splits(catalog) == catalog


def test_another_seed_draws_another_split_as_a_scan_with_it_would():
    catalog = draw(make_photos(), plan_folders(set()))
    again = redraw_splits(catalog, seed=1)
    assert again == draw(make_photos(), plan_folders(set()), seed=1)
    assert again.photos != catalog.photos


def test_named_splits_stay_and_the_pool_is_divided_again():
    photos = make_photos(100, "train") + make_photos(100, "validation")
    catalog = draw(photos, plan_folders({"train", "validation"}))
    again = redraw_splits(catalog, seed=3)
    assert Counter(p.split for p in again.photos) == Counter(p.split for p in catalog.photos)
    assert {p.digest for p in again.select("test")} != {p.digest for p in catalog.select("test")}
    assert again.select("train") == catalog.select("train")


def test_near_copies_join_one_split():
    catalog = draw(make_photos(), plan_folders(set()))
    names = {photo.digest: f"n{int(photo.digest[-4:]) // 4}" for photo in catalog.photos}
    again = redraw_splits(catalog, near_copies=names)
    splits = defaultdict(set)
    for photo in again.photos:
        splits[photo.near_copies].add(photo.split)
    assert len(splits) == 50
    assert all(len(some) == 1 for some in splits.values())
    assert redraw_splits(again, near_copies={}) == catalog


def test_the_layout_note_tells_the_new_numbers():
    catalog = draw(make_photos(), plan_folders(set()))
    again = redraw_splits(catalog, shares={"train": 50, "validation": 0, "test": 50})
    assert "split 50/50 at random: 100 train, 100 test." in again.notes[0].text


def test_the_layout_note_counts_no_photo_that_was_left_out():
    catalog = draw(make_photos(), plan_folders(set()))
    damaged = catalog.select("test")[0]
    kept = leave_out(catalog, {damaged.path: "damaged"})
    assert "140 train, 30 validation, 30 test." in catalog.notes[0].text
    assert "140 train, 30 validation, 29 test." in kept.notes[0].text
    assert kept.skipped[0].path == damaged.path


def test_nothing_changes_if_nothing_was_drawn():
    catalog = Catalog(tuple(make_photos(10, "train")), plan=SplitPlan())
    assert redraw_splits(catalog, seed=5).photos == catalog.photos


def test_a_split_that_is_as_asked_stays_also_without_photos_that_were_left_out():
    catalog = draw(make_photos(), plan_folders(set()), seed=1)
    left = catalog.without({photo.path: "broken" for photo in catalog.photos[::7]})
    again = redraw_splits(left, seed=1, near_copies={}, shares={"train": 70, "validation": 15, "test": 15})
    assert again.photos == left.photos
    assert redraw_splits(left, seed=2).photos != left.photos
