"""The section of the report on label sets."""

from headstart.report.label_sets_table import describe_label_sets


def make_level(level, coverage=None, size=1.5):
    measured = {"n": 40, "coverage": coverage, "coverage_ci95": [0.8, 0.97], "mean_size": size}
    return {
        "level": level,
        "expected": max(level, 0.85),
        "expected_ci95": [0.75, 0.92] if level < 0.85 else None,
        "threshold": 0.2,
        "test": None if coverage is None else measured,
    }


def make_record(*levels, **more):
    return {"label_sets": {"n": 74, "levels": list(levels), "unsupported": [], "examples": []} | more}


def test_each_level_has_what_is_expected_and_what_the_test_photos_gave():
    section = describe_label_sets(make_record(make_level(0.8, 0.9), make_level(0.95)))
    first, second = section["rows"]
    assert first == {
        "level": "80%", "expected": "85.0%", "expected_range": "75.0% to 92.0%", "coverage": "90.0%",
        "range": "80.0% to 97.0%", "size": "1.50",
    }  # fmt: skip
    assert (second["expected"], second["expected_range"]) == ("95.0%", "")
    assert (second["expected"], second["coverage"], second["range"], second["size"]) == ("95.0%", "—", "", "—")
    assert (section["n"], section["missing"], section["is_single"]) == (74, "", False)


def test_levels_that_the_photos_do_not_support_are_named():
    missing = [{"level": 0.95, "n_needed": 19}, {"level": 0.99, "n_needed": 99}]
    section = describe_label_sets(make_record(make_level(0.8), unsupported=missing, n=12))
    assert section["missing"] == "95% needs 19 held-out photos, 99% needs 99 held-out photos, and there are 12."


def test_sets_of_one_label_are_told():
    assert describe_label_sets(make_record(make_level(0.8, 0.99, size=1.0)))["is_single"]


def test_runs_without_label_sets_have_no_rows_and_those_of_earlier_versions_no_section():
    assert describe_label_sets({"label_sets": None})["rows"] == []
    assert describe_label_sets({}) is None
