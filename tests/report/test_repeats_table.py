"""The table of repeats in the report."""

from headstart.report.repeats_table import MAX_ROWS, list_repeats


def make_repeats(n):
    return {
        "n": n, "seeds": list(range(n)), "accuracies": [0.9] * n, "balanced_accuracies": [0.8] * n, "mean": 0.9,
        "sd": 0.0123, "mean_ci95": [0.85, 0.95], "balanced_mean": 0.8,
    }  # fmt: skip


def test_the_mean_comes_first_with_its_interval():
    rows = list_repeats(make_repeats(2))
    assert [row["name"] for row in rows] == [
        "Mean of 2 splits", "Standard deviation", "Split of seed 0", "Split of seed 1"
    ]  # fmt: skip
    assert (rows[0]["accuracy"], rows[0]["range"], rows[0]["is_mean"]) == ("90.0%", "85.0% to 95.0%", True)
    assert rows[1]["accuracy"] == "1.2 points"
    assert rows[2]["balanced_accuracy"] == "80.0%"


def test_of_many_splits_the_table_has_the_first():
    rows = list_repeats(make_repeats(1234))
    assert len(rows) == 2 + MAX_ROWS + 1
    assert rows[-1]["name"] == "1,214 more, in metrics.json"


def test_without_repeats_there_are_no_rows():
    assert list_repeats(None) == []
