"""Skipped files are counted by their reasons."""

from headstart.evaluation.summary import count_reasons, write_counts


def test_reasons_are_counted_without_their_details():
    reasons = [f"identical to a test photo ({n})" for n in range(3)] + ["empty file"]
    assert count_reasons(reasons) == [("identical to a test photo", 3), ("empty file", 1)]


def test_counts_are_aligned():
    assert write_counts({"train": {"cats": 6, "dogs": 1000}, "test": {"cats": 0, "dogs": 2}}) == [
        "label  train  test    all",
        "cats       6     0      6",
        "dogs   1,000     2  1,002",
        "all    1,006     2  1,008",
    ]
