"""The section of the report on strangers."""

import pytest

from headstart.classifier.refusal import DEFAULTS, count_needed
from headstart.report.novelty_section import NEEDED, describe_refusal, write_refusal


def count(n, n_refused, **more):
    return {"n": n, "n_refused": n_refused, "refused": n_refused / n, "refused_ci95": [0.0, 0.1], **more}


def make_metrics(**changes):
    strangers = count(6, 4, n_refused_at_5=5) | {
        "photos": {"kind": "solar cell"} | count(8, 8),
        "kinds": [
            {"kind": "noise", "n": 4, "n_refused": 4, "least_strange": {"number": 0, "novelty": 0.001}},
            {"kind": "clouds", "n": 2, "n_refused": 0, "least_strange": {"number": 0, "novelty": 0.3}},
        ],
    }
    record = {
        "n": 1200, "measured_on": "train+validation", "refuse": 0.01,
        "test": count(300, 4, p=0.4, n_refused_at_5=16), "strangest": [], "strangers": strangers,
    }  # fmt: skip
    return {"novelty": record | changes, "tuning": None, "classes": ["a", "b"]}


def test_test_photos_strangers_and_photos_of_another_kind_have_a_row_each():
    section = describe_refusal(make_metrics())
    assert section["rule"].startswith("If a photo is stranger than 99% of the classifier's own photos, it is refused")
    assert [(row["name"], row["n_refused"], row["n"], row["expected"]) for row in section["rows"]] == [
        ("Test photos", "4", "300", "1%"),
        ("Gallery of strangers", "4", "6", "all"),
        ("Photos of another kind: solar cells", "8", "8", "all"),
    ]
    assert section["at_5"] == (
        "With --refuse 5% more strangers and more own photos are refused: 5 of 6 images of the gallery and 16 of 300 "
        "test photos."
    )
    assert section["rows"][0]["range"] == "0.0% to 10.0%"
    assert section["passed"] == "Of the gallery, these are not refused: clouds (2 of 2)."
    assert not section["is_shifted"]


def test_without_test_photos_the_section_says_that_own_photos_were_not_measured():
    section = describe_refusal(make_metrics(test=None))
    assert "It was not measured on test photos" in section["rule"]
    assert section["at_5"].endswith("5 of 6 images of the gallery.")


def test_few_photos_refuse_5_percent_and_the_section_says_what_1_percent_needs():
    rule = describe_refusal(make_metrics(n=40, refuse=0.05))["rule"]
    assert "stranger than 95%" in rule
    assert describe_refusal(make_metrics(n=40, refuse=0.05))["at_5"] == ""
    assert rule.endswith("A share of 1% needs 99 photos that measure it, and there were 40.")
    assert tuple((share, count_needed(share)) for share in DEFAULTS) == NEEDED


@pytest.mark.parametrize(
    ("measured_on", "n", "text"),
    [
        ("train+validation", 14, "there were 14 training and validation photos, and a share of 5% needs 19"),
        ("train", 1, "there was 1 training photo, and a share of 5% needs 19 (1% needs 99)."),
        ("", 0, "there were no validation photos, and a share of 5% needs 19."),
    ],
)
def test_a_classifier_that_refuses_nothing_says_why(measured_on, n, text):
    section = describe_refusal(make_metrics(n=n, measured_on=measured_on, refuse=None, test=None))
    assert text in section["rule"]
    assert section["rows"] == []


def test_a_shift_of_the_test_photos_is_told():
    assert describe_refusal(make_metrics(test=count(300, 60, p=1e-9, n_refused_at_5=90)))["is_shifted"]


@pytest.mark.parametrize("metrics", [{}, {"novelty": None}, {"novelty": {"n": 3, "refuse": None, "test": None}}])
def test_a_run_of_an_earlier_version_has_no_section(metrics):
    assert describe_refusal(metrics) is None
    assert write_refusal(metrics) == ""


def test_the_model_card_has_the_counts():
    text = write_refusal(make_metrics())
    assert "Test photos: 4 of 300 refused (1.3%, 95% interval 0.0% to 10.0%)." in text
    assert "Gallery of strangers: 4 of 6 refused" in text
