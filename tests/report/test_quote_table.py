"""The box of the report: the accuracy to quote, and the table of all others."""

from headstart.report.quote_table import describe_quote, list_figure_rows

TEST = {"n": 1000, "accuracy": 0.989, "accuracy_ci95": [0.9804, 0.9939]}


def test_the_quote_has_the_number_its_interval_and_its_photos():
    quote = describe_quote({"test": TEST})
    assert (quote["accuracy"], quote["range"], quote["photos"]) == ("98.9%", "98.0% to 99.4%", "1,000 test photos")
    assert quote["judged"] == "this classifier"
    assert describe_quote({}) is None


def test_the_quoted_figure_is_the_first_row():
    few = {"n": 37, "accuracy": 1.0, "accuracy_ci95": [0.9, 1.0]}
    rows = list_figure_rows({"test": few, "cross_validation": TEST, "train": TEST})
    assert [row["is_quoted"] for row in rows] == [True, False, False]
    assert [row["photos"] for row in rows] == ["all 1,000 photos", "37 test photos", "1,000 training photos"]
    assert {row["weights"] for row in rows} == {"once each"}


def test_one_photo_is_not_plural():
    rows = list_figure_rows({"test": {"n": 1, "accuracy": 1.0, "accuracy_ci95": [0.2, 1.0]}})
    assert rows[0]["photos"] == "1 test photo"
