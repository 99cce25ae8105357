"""The section of the report on photos to look at."""

import pytest

from headstart.report.page import ReportContent, render_report
from headstart.report.photos_to_look_at_text import describe_photos_to_look_at

RECORD = {
    "n": 1237, "counts": {"wrong_label": 1234, "near_copy": 3}, "labels_that_look_wrong": 0, "n_judged": 3000,
    "source": "<pets>", "first": [],
}  # fmt: skip


@pytest.mark.parametrize("record", [None, RECORD | {"n": 0, "counts": {}}])
def test_there_is_no_section_if_nothing_was_found(record):
    metrics = {"photos_to_look_at": record}
    assert describe_photos_to_look_at(metrics) is None
    assert "Photos to look at" not in render_report(ReportContent("pets", metrics))


def test_findings_are_counted_by_kind():
    told = describe_photos_to_look_at({"photos_to_look_at": RECORD})
    assert told["rows"] == [{"name": "Doubtful label", "n": "1,234"}, {"name": "Near copy", "n": "3"}]
    assert told["labels"].endswith("The label may be wrong, or the photo may be hard.")


def test_wrong_labels_are_told_as_in_the_verdict():
    told = describe_photos_to_look_at({"photos_to_look_at": RECORD | {"labels_that_look_wrong": 75}})
    assert told["labels"] == "About 75 of the 3,000 labels look wrong."


def test_without_unlikely_labels_nothing_is_said_about_labels():
    record = RECORD | {"counts": {"blurred": 4}, "n": 4, "n_judged": 0}
    told = describe_photos_to_look_at({"photos_to_look_at": record})
    assert (told["labels"], told["judged"]) == ("", "")


@pytest.mark.parametrize("cross_validation", [None, {"n": 3000}])
def test_it_is_said_if_training_photos_were_not_judged(cross_validation):
    told = describe_photos_to_look_at({"photos_to_look_at": RECORD, "cross_validation": cross_validation})
    says = told["judged"].startswith("Only the labels of the 3,000 validation and test photos")
    assert says == (not cross_validation)


def test_the_page_has_the_section_with_the_escaped_source():
    page = render_report(ReportContent("pets", {"photos_to_look_at": RECORD}))
    assert '<section id="photos-to-look-at">' in page
    assert "<code>headstart audit &#39;&lt;pets&gt;&#39;</code> looks closer, so its list can differ." in page
