"""Decisions find their photos by path, or by digest if a photo was moved."""

import dataclasses
from pathlib import Path

import pytest

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo, Skip
from headstart.errors import AuditError
from headstart.inspection.changes import Change
from headstart.inspection.decision_matching import match_decisions
from headstart.inspection.decisions import Decision

A, B, C = "aa" * 32, "bb" * 32, "cc" * 32
CATALOG = Catalog(
    (
        Photo("/p/cats/1.jpg", "cats", digest=A, split=None),
        Photo("/p/cats/2.jpg", "cats", digest=B, split=None),
        Photo("/p/cats/3.jpg", "cats", digest=A, split=None),
        Photo("/p/dogs/1.jpg", "dogs", digest=C, split=None),
    ),
    source="/p",
)


def decide(path, decision="drop", row=2, **fields):
    return Decision(row=row, path=path, decision=decision, **fields)


def match(*decisions, catalog=CATALOG, earlier=(), new=False):
    return match_decisions(decisions, catalog, earlier, is_new_class_allowed=new)


def list_found(matched):
    return {n: decision.decision for n, decision in sorted((matched.implied | matched.named).items())}


def test_a_photo_is_found_by_its_path_also_relative_to_the_source():
    assert list_found(match(decide("/p/cats/2.jpg"), decide("dogs/1.jpg", "keep"))) == {1: "drop", 3: "keep"}


def test_a_path_may_be_relative_to_the_folder_of_a_table(tmp_path):
    (tmp_path / "photos.csv").touch()
    photo = Photo(str(tmp_path / "cats" / "1.jpg"), "cats", digest=A, split=None)
    catalog = Catalog((photo,), source=str(tmp_path / "photos.csv"))
    assert list_found(match(decide("cats/1.jpg"), catalog=catalog)) == {0: "drop"}


def test_a_moved_photo_is_found_by_its_digest():
    assert list_found(match(decide("/elsewhere/x.jpg", digest=B))) == {1: "drop"}


def test_all_files_of_the_same_photo_and_label_follow_unless_they_are_copies():
    assert list_found(match(decide("/p/cats/1.jpg", kind="blank"))) == {0: "drop", 2: "drop"}
    assert list_found(match(decide("/p/cats/1.jpg", kind="copy"))) == {0: "drop"}
    own = match(decide("/p/cats/1.jpg"), decide("/p/cats/3.jpg", "keep", 3))
    assert list_found(own) == {0: "drop", 2: "keep"}


def test_of_moved_copies_the_one_without_a_decision_is_left_out_and_the_last_one_stays():
    kept = decide("/p/cats/1.jpg", "keep", kind="copy")
    assert list_found(match(kept, decide("/old.jpg", row=3, digest=A, kind="copy"))) == {0: "keep", 2: "drop"}
    alone = match(decide("/old.jpg", digest=B, kind="copy"))
    assert list_found(alone) == {}
    assert alone.n_done == 1


def test_moved_copies_are_told_apart_by_label_and_name():
    moved = Catalog(
        tuple(
            Photo(f"/new/{name}", name.split("/")[0], digest=A, split=None)
            for name in ("cats/1.jpg", "cats/2.jpg", "dogs/1.jpg")
        ),
        source="/new",
    )
    rows = [("cats/1.jpg", "drop"), ("dogs/1.jpg", "drop"), ("cats/2.jpg", "keep")]
    decisions = [
        decide(f"/old/{name}", word, row, digest=A, kind="copy", label=name.split("/")[0])
        for row, (name, word) in enumerate(rows, 2)
    ]
    for some in (decisions, decisions[::-1]):
        assert list_found(match(*some, catalog=moved)) == {0: "drop", 1: "keep", 2: "drop"}
    assert list_found(match(decisions[0], catalog=moved)) == {0: "drop"}


def test_a_copy_that_is_found_by_digest_is_not_one_that_a_later_row_names():
    lost = decide("/p/cats/\ufffd.jpg", digest=A, kind="copy")
    kept = decide("/p/cats/3.jpg", "keep", 3, digest=A, kind="copy")
    assert list_found(match(lost, kept)) == {0: "drop", 2: "keep"}


def test_an_unreadable_file_that_is_not_there_is_named():
    gone = match(decide("/p/cats/gone.jpg", kind="unreadable"))
    assert (list_found(gone), gone.n_done, gone.not_found) == ({}, 0, ["/p/cats/gone.jpg"])


def test_a_damaged_photo_is_found_by_its_digest_where_the_photos_have_another_name():
    moved = match(decide("p/cats/2.jpg", digest=B, kind="unreadable"))
    assert (list_found(moved), moved.n_done) == ({1: "drop"}, 0)


@pytest.mark.parametrize("path", ["cats/9.jpg", "old/cats/9.jpg", "/p/cats/9.jpg"])
def test_a_file_that_the_scan_leaves_out_is_found_also_relative_to_the_source_and_after_a_move(path):
    catalog = dataclasses.replace(CATALOG, skipped=(Skip(Path("/p/cats/9.jpg"), "not a photo"),))
    done = match(decide(path), catalog=catalog)
    assert (done.n_done, done.not_found) == (1, [])


def test_all_files_of_a_moved_photo_must_have_the_label():
    photos = [Photo(f"/p/{label}/9.jpg", label, digest=A, split=None) for label in ("dogs", "birds")]
    relabelled = decide("/old.jpg", "relabel", digest=A, label="cats", new_label="dogs")
    with pytest.raises(AuditError, match="now has the label 'birds'"):
        match(relabelled, catalog=Catalog(tuple(photos), source="/p"))


def test_what_was_left_out_before_is_done_and_skip_decides_nothing():
    earlier = [Change("/p/cats/9.jpg", "dd" * 32, "drop", "cats", "", "so")]
    done = match(decide("/p/cats/9.jpg", digest="dd" * 32), decide("/moved.jpg", digest="dd" * 32), earlier=earlier)
    assert (list_found(done), done.n_done) == ({}, 2)
    assert match(decide("/unknown.jpg", "skip")).n_skipped == 1


@pytest.mark.parametrize(
    ("decision", "problem"),
    [
        (decide("/p/cats/7.jpg"), r"row 2: '/p/cats/7\.jpg' is not among the photos, by neither its path nor its"),
        (decide("/p/cats/2.jpg", digest="dd" * 32), r"row 2: '/p/cats/2\.jpg' has changed since the decision"),
        (
            decide("/p/cats/2.jpg", "relabel", new_label="dog"),
            r"row 2: the new label 'dog' is no class of the photos \(did you mean 'dogs'\?\)",
        ),
        (
            decide("/p/cats/2.jpg", "relabel", label="birds", new_label="dogs"),
            "now has the label 'cats', but the decision was about the label 'birds'",
        ),
    ],
)
def test_a_decision_that_cannot_be_applied_is_named(decision, problem):
    with pytest.raises(AuditError, match=rf"^Cannot apply the decisions: got 1 problem, need none:\n  .*{problem}"):
        match(decision)


def test_two_decisions_about_one_photo_are_refused_unless_they_agree():
    assert list_found(match(decide("/p/cats/2.jpg"), decide("cats/2.jpg", row=3))) == {1: "drop"}
    with pytest.raises(
        AuditError, match=r"rows 2 and 3 decide differently about .*2\.jpg': drop, and relabel to 'dogs'"
    ):
        match(decide("/p/cats/2.jpg"), decide("/p/cats/2.jpg", "relabel", 3, new_label="dogs"))


def test_a_new_class_is_taken_on_request():
    matched = match(decide("/p/cats/2.jpg", "relabel", new_label="birds"), new=True)
    assert list_found(matched) == {1: "relabel"}


def test_all_problems_are_told_at_once():
    with pytest.raises(AuditError, match=r"got 13 problems, need none:(\n  row 2: .*){10}\n  and 3 more\nCorrect"):
        match(*[decide(f"/x{n}.jpg") for n in range(13)])


def test_rows_that_decide_differently_about_one_content_imply_nothing():
    twin = Photo("/p/cats/4.jpg", "cats", digest=A, split=None)
    catalog = dataclasses.replace(CATALOG, photos=(*CATALOG.photos, twin))
    matched = match(
        decide("/p/cats/1.jpg", "keep", kind="near_copy"), decide("/p/cats/3.jpg", row=3, kind="near_copy"),
        catalog=catalog,
    )  # fmt: skip
    assert list_found(matched) == {0: "keep", 2: "drop"}


def test_a_file_that_the_scan_leaves_out_is_done_and_cannot_get_a_label():
    catalog = dataclasses.replace(CATALOG, skipped=(Skip(Path("/p/cats/9.jpg"), "cannot be read"),))
    assert match(decide("/p/cats/9.jpg"), catalog=catalog).n_done == 1
    with pytest.raises(
        AuditError, match=r"row 2: '/p/cats/9\.jpg' cannot get a label: it is left out \(cannot be read"
    ):
        match(decide("/p/cats/9.jpg", "relabel", new_label="dogs"), catalog=catalog)
