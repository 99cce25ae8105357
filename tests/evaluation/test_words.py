"""Numbers are written in plain words."""

import pytest

from headstart.evaluation.words import count_photos, format_number, format_percent, format_seconds, join_labels


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0.0%"), (0.989, "98.9%"), (0.99949, "99.9%"), (0.9999, "99.99%"), (0.99999999, "99.999%"), (1, "100.0%")],
)
def test_only_a_perfect_share_is_100_percent(share, text):
    assert format_percent(share) == text


def test_an_undefined_number_is_a_dash():
    assert format_percent(None) == format_number(None, "count") == "—"


@pytest.mark.parametrize(
    ("value", "kind", "text"), [(1234, "count", "1,234"), (0.5, "percent", "50.0%"), (2, "number", "2.000")]
)
def test_a_number_is_written_by_its_kind(value, kind, text):
    assert format_number(value, kind) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.123, "0.12 s"), (59.94, "59.9 s"), (61, "1 min 1 s"), (3600, "60 min 0 s")]
)
def test_a_duration_is_in_seconds_or_minutes(seconds, text):
    assert format_seconds(seconds) == text


def test_photo_counts_have_singular_and_plural():
    assert (count_photos(1, "test"), count_photos(0)) == ("1 test photo", "0 photos")


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (1, "1"), (2, "1 or 2"), (6, "1, 2, 3, 4, 5 or 6"), (7, "1, 2, 3, 4, 5 or 2 others"),
        (2000, "1, 2, 3, 4, 5 or 1,995 others"),
    ],
)  # fmt: skip
def test_of_many_labels_of_a_set_the_first_are_written(n, told):
    assert join_labels([str(k) for k in range(1, n + 1)]) == told
