"""The texts of the report on near copies."""

import pytest

from headstart.report.near_copy_text import describe_near_copies

RECORD = {
    "n_photos": 4, "n_groups": 1, "n_pairs": 3, "across": {"validation": 0, "test": 0}, "without": None,
    "is_chained": False, "n_conflicts": 0,
}  # fmt: skip


@pytest.mark.parametrize("record", [None, RECORD | {"n_pairs": 0}])
def test_without_near_copies_there_is_no_section(record):
    assert describe_near_copies({"near_copies": record}) is None


def test_photos_and_pairs_are_counted():
    assert describe_near_copies({"near_copies": RECORD}) == {
        "found": "4 photos are near copies of others: 3 pairs were found.",
        "splits": "No validation or test photo has a near copy in training.",
        "conflicts": "",
    }


def test_copies_across_splits_and_other_labels_are_told():
    record = RECORD | {"across": {"validation": 2, "test": 0}, "n_conflicts": 1}
    told = describe_near_copies({"near_copies": record})
    assert told["splits"] == "2 validation photos have a near copy in training."
    assert told["conflicts"].startswith("1 pair has different labels")
