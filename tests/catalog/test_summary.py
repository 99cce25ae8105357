"""The summary is a readable table."""

from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Skip
from headstart.catalog.summary import count_reasons


def test_the_summary_has_counts_reasons_and_notes(make_photo):
    photos = [make_photo(f"{n}", "cats" if n % 3 else "dogs", "train" if n < 9 else "test") for n in range(12)]
    skipped = [
        Skip(Path("a"), "empty file"),
        Skip(Path("b"), "identical to a training photo (x)"),
        Skip(Path("c"), "empty file"),
    ]
    text = Catalog(tuple(photos), tuple(skipped), ("Read as class folders.",), "pets", 3).summary()
    assert text.splitlines() == [
        "pets: 12 photos, 2 labels (seed 3)",
        "",
        "label  train  validation  test  all",
        "cats       6           0     2    8",
        "dogs       3           0     1    4",
        "all        9           0     3   12",
        "",
        "3 skipped:",
        "  2 x empty file",
        "  1 x identical to a training photo",
        "",
        "- Read as class folders.",
    ]


def test_many_labels_are_shortened(make_photo):
    lines = Catalog(tuple(make_photo(f"{n}", f"{n:04}", "train") for n in range(1030))).summary().splitlines()
    assert lines[-2].split() == ["1,000", "more", "labels", "1,000", "0", "0", "1,000"]
    assert len(lines) == 35


def test_reasons_are_counted_without_their_details():
    skipped = [Skip(Path("a"), f"identical to a test photo ({n})") for n in range(3)] + [Skip(Path("b"), "empty file")]
    assert count_reasons(skipped) == [("identical to a test photo", 3), ("empty file", 1)]
