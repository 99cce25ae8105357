"""The report shows the accuracy on new groups, the lowest first."""

from headstart.report.elsewhere_rows import MAX_ROWS, describe_elsewhere
from headstart.report.page import ReportContent, render_report

SAME = {"accuracy": 0.93, "accuracy_ci95": [0.91, 0.95], "n": 1000}
NEW = {"accuracy": 0.78, "accuracy_ci95": [0.71, 0.84], "n": 1000}


def describe(n_groups=3, reason=""):
    rows = [
        {"group": f"<camera {n}>", "n": 40, "accuracy": n / 50, "accuracy_ci95": [0, 1], "accuracy_same": 0.9}
        for n in range(n_groups)
    ]
    record = {"group_kind": "camera", "n_groups": n_groups, "n_seen": 0, "n_unseen": 9, "n_without": 0}
    both = {"same": None, "new": None, "by_group": []} if reason else {"same": SAME, "new": NEW, "by_group": rows}
    return {"elsewhere": record | both | {"reason": reason}}


def test_at_most_20_groups_are_shown_and_the_others_counted():
    section = describe_elsewhere(describe(25))
    assert len(section["rows"]) == MAX_ROWS
    assert section["n_more"] == 5
    assert section["rows"][0]["name"] == "<camera 0>"


def test_the_page_gives_both_accuracies_with_their_intervals():
    page = render_report(ReportContent("pets", describe()))
    assert "The photos come from 3 cameras." in page
    assert "<b>93.0%</b> of new photos of these cameras (95% interval 91.0% to 95.0%)" in page
    assert "<b>78.0%</b> of photos of a camera never seen (71.0% to 84.0%)" in page
    assert "&lt;camera 1&gt;" in page
    assert "not shown" not in page
    assert "left out" not in page
    metrics = describe()
    metrics["elsewhere"]["n_left_out"] = 7
    page = render_report(ReportContent("pets", metrics))
    assert "7 photos were left out: each has a near copy of another camera, or a class that only one" in page


def test_the_page_says_why_the_accuracy_on_new_groups_is_missing():
    page = render_report(ReportContent("pets", describe(reason="there are 2 cameras, and 3 are needed")))
    assert "The accuracy on a camera never seen cannot be told: there are 2 cameras, and 3 are needed." in page


def test_photos_without_groups_have_no_such_section():
    assert describe_elsewhere({"elsewhere": None}) is None
    assert 'id="elsewhere"' not in render_report(ReportContent("pets", {}))
