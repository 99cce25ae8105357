"""The report page: verdict first, no fetching, escaped texts."""

import html as html_module
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from headstart.classifier.decision import Decision, MistakeCost
from headstart.evaluation.metrics import evaluate_probabilities
from headstart.evaluation.notes import Note
from headstart.evaluation.verdict import write_verdict
from headstart.methods.working_points import measure_decision
from headstart.report.figure_file import draw_figure, encode_png, inline_image
from headstart.report.matrix_figure import plot_confusion_matrix
from headstart.report.page import ReportContent, ReportFigure, render_report

LEAK = Note("leak", "2 leaks were kept out of test.", "warning")
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Outline(HTMLParser):
    """Checks that tags nest, and keeps attributes and text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.attributes, self.tags, self.text = [], [], [], ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data


def make_metrics(classes=("cats", "dogs"), n=200, **changes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, len(classes), n)
    probabilities = rng.dirichlet(np.ones(len(classes)), n) + 3 * np.eye(len(classes))[y]
    judged = evaluate_probabilities(y, probabilities / probabilities.sum(axis=1, keepdims=True), list(classes))
    judged |= {"majority_accuracy": 0.5, "majority_class": classes[0]}
    return {
        "schema": 1, "headstart": "0.1.0", "method": "fixed", "cut": "top", "head": "logistic",
        "backbone": "mobilenet_v2", "image_size": 224, "precision": "bf16", "views": 1, "classes": list(classes),
        "seed": 0, "class_weights": None, "train": judged, "validation": judged, "test": judged,
        "strength": {"chosen": 0.01, "table": [{"strength": 0.01, "loss": 0.1, "accuracy": 0.9, "accuracy_sd": 0.01}]},
        "cross_validation": {
            "accuracy": 0.91, "accuracy_ci95": [0.88, 0.93], "n_folds": 5, "n_repeats": 1, "n": 400, "loss": 0.25,
            "is_nested": True,
        },
        "seconds": {"scan": 0.1, "extract": 4.0, "fit": 0.5, "evaluate": 0.2, "total": 4.8},
        "n_extracted": 600, "n_cached": 0, "skipped": [{"path": "cats/x.jpg", "reason": "the file is empty"}],
    } | changes  # fmt: skip


@pytest.fixture(scope="module")
def matrix():
    image = draw_figure(plot_confusion_matrix([[3, 1], [0, 4]], ["cats", "dogs"]))
    return inline_image(image, encode_png(image))


def make_content(metrics, matrix, title="pets", **more):
    figures = {
        "confusion_matrix": ReportFigure("Rows are true.", matrix),
        "mistakes": ReportFigure("The surest mistakes.", matrix, alt="Three photos of dogs"),
    }
    rows = [{"label": name, "train": 1500, "test": 20} for name in metrics["classes"]]
    return ReportContent(title, metrics, figures, rows, [Note("layout", "A note of the catalog."), LEAK], **more)


def test_verdict_comes_before_all_results(matrix):
    metrics = make_metrics()
    text = Outline(render_report(make_content(metrics, matrix))).text
    text = text[text.index("Report on") :]
    verdict = write_verdict(metrics)
    expected = [
        "Report on",
        verdict,
        "This classifier, test photos",
        "Always answering 'cats'",
        "Measures",
        "were divided into 5 folds",
        "Measures by class",
        "Rows are true.",
        "Mistakes",
        "The surest mistakes.",
        "Data",
        "Settings",
        "Regularisation strength",
        "RUN is the folder of this report",
        "headstart predict RUN/model.onnx PHOTO...",
        "headstart evaluate RUN/model.onnx",
    ]
    places = [text.index(part) for part in expected]
    places[3] = text.rindex(expected[3])  # the verdict above the bars names the guess, too
    assert places == sorted(places)
    for part in ("A note of the catalog.", "2 leaks were kept out of test.", "the file is empty", "1,500", "91.0%"):
        assert part in text


@pytest.mark.parametrize("is_weighted", [False, True])
def test_weighted_accuracies_of_the_strengths_are_called_so(matrix, is_weighted):
    metrics = make_metrics()
    metrics["strength"] = metrics["strength"] | {"is_weighted": is_weighted}
    text = Outline(render_report(make_content(metrics, matrix))).text
    assert ("Weighted accuracy" in text) == is_weighted
    assert ("The other accuracies on this page count each photo once." in text) == is_weighted


@pytest.mark.parametrize("methods", [["fixed", "fixed"], ["fixed", "hybrid"]])
def test_the_choice_tells_of_training_above_a_cut_only_if_there_was_one(matrix, methods):
    trial = {
        "cut": "block_12", "features": "last", "averaged_views": 1, "accuracy": 0.9, "judged_by": "cross-validation",
        "n": 250, "seconds": 61.0, "gain": 3, "needed": 7, "is_kept": False,
    }  # fmt: skip
    record = {"tried": [trial | {"method": method} for method in methods], "why": "the budget ended"}
    text = Outline(render_report(make_content(make_metrics(auto=record), matrix))).text
    assert "Each trial was evaluated on photos that it was not fitted to." in text
    for words in (
        "Above a cut the same photos",
        "hybrid training is expected",
        "Validation compares the mean log loss",
    ):
        assert (words in text) == ("hybrid" in methods)


def test_warnings_come_before_other_notes_and_name_their_section(matrix):
    text = Outline(render_report(make_content(make_metrics(), matrix))).text
    assert "warning 2 leaks were kept out of test. docs/notes.md#leak" in text
    assert text.index(LEAK.text) < text.index("A note of the catalog. docs/notes.md#layout")


def test_the_page_fetches_and_runs_nothing(matrix):
    page = render_report(make_content(make_metrics(), matrix))
    outline = Outline(page)
    assert page.startswith("<!doctype html>")
    assert ("html", "lang", "en") in outline.attributes
    assert any(name == "content" and "width=device-width" in value for _, name, value in outline.attributes)
    sources = [value for _, name, value in outline.attributes if name in ("src", "href")]
    assert len(sources) == 2
    assert all(source.startswith("data:image/") for source in sources)
    assert "script" not in outline.tags
    assert "link" not in outline.tags
    assert not re.search(r"https?:|url\(|@import|//cdn", page)
    assert ("img", "alt", "Rows are true.") in outline.attributes
    assert ("img", "alt", "Three photos of dogs") in outline.attributes


def test_text_of_the_user_is_escaped(matrix):
    nasty = '<script>alert("1")</script>&'
    metrics = make_metrics((nasty, "дог & 狗"))
    metrics |= {"skipped": [{"path": nasty, "reason": nasty}], "class_weights": {nasty: 2.0}}
    content = make_content(metrics, matrix, title=nasty)
    figures = {nasty: ReportFigure(nasty, matrix, alt=nasty)}
    page = render_report(ReportContent(nasty, metrics, figures, [{nasty: nasty}], [Note(nasty, nasty, nasty)]))
    for each in (page, render_report(content)):
        assert "<script" not in each.lower()
        assert html_module.escape("<script>") in each
        assert "狗" in Outline(each).text


@pytest.mark.parametrize(
    "changes",
    [
        {"validation": None},
        {"test": None},
        {"test": None, "validation": None, "cross_validation": None},
        {"train": None, "test": None, "validation": None},
        {"strength": None, "skipped": [], "cross_validation": None, "seconds": {}},
    ],
    ids=["no validation", "no test", "train only", "nothing evaluated", "bare"],
)
def test_empty_splits_still_give_a_complete_page(matrix, changes):
    outline = Outline(render_report(make_content(make_metrics(**changes), matrix)))
    assert "RUN is the folder of this report" in outline.text
    assert "None" not in outline.text


@pytest.mark.parametrize(("n", "figure"), [(99, "80\u201393%"), (100, "88.0%")])
def test_the_large_number_is_the_interval_if_photos_are_few(matrix, n, figure):
    metrics = make_metrics(cross_validation=None)
    metrics["test"] |= {"n": n, "accuracy": 0.88, "accuracy_ci95": [0.802, 0.931]}
    page = render_report(make_content(metrics, matrix))
    assert re.search(r'class="figure[ a-z]*">(.*?)</div>', page)[1] == figure


def test_the_large_number_is_that_of_cross_validation_if_it_is_quoted(matrix):
    metrics = make_metrics()
    metrics["test"] |= {"n": 40, "accuracy": 0.88, "accuracy_ci95": [0.802, 0.931]}
    page = render_report(make_content(metrics, matrix))
    assert re.search(r'class="figure[ a-z]*">(.*?)</div>', page)[1] == "91.0%"
    assert "right in cross-validation over all 400 photos" in page


def test_there_is_a_validation_column_only_with_a_validation_split(matrix):
    with_it = Outline(render_report(make_content(make_metrics(), matrix)))
    without = Outline(render_report(make_content(make_metrics(validation=None), matrix)))
    assert with_it.tags.count("th") - without.tags.count("th") == 1


def test_the_text_mentions_a_second_curve_only_with_validation_photos(matrix):
    for metrics, is_said in ((make_metrics(), True), (make_metrics(validation=None), False)):
        page = render_report(ReportContent("pets", metrics, {"history": ReportFigure("Curves.", matrix)}))
        assert ("Both curves" in page) is is_said


def test_the_curves_are_said_to_be_before_the_factor_of_the_confidence(matrix):
    for factor, is_said in ((1.25, True), (1.0, False)):
        confidence = {
            "factor": factor, "n": 200, "is_validation": False, "loss_before": 0.5, "loss_after": 0.48,
            "calibration_error_before": 0.06, "calibration_error_after": 0.03,
        }  # fmt: skip
        metrics = make_metrics(confidence=confidence)
        page = render_report(ReportContent("pets", metrics, {"history": ReportFigure("Curves.", matrix)}))
        assert ("before they were multiplied by 1.25 to set the confidence" in page) is is_said


def test_a_page_can_have_no_figures_and_no_metrics():
    assert "<figure" not in render_report(ReportContent("pets", make_metrics()))
    assert "not evaluated" in render_report(ReportContent("pets", {}))


def test_the_page_tells_of_repeats_and_whether_they_were_stopped(matrix):
    repeats = {
        "n": 2, "n_asked": 5, "seeds": [0, 1], "accuracies": [0.9, 0.8], "balanced_accuracies": [0.9, 0.8],
        "mean": 0.85, "sd": 0.07, "mean_ci95": [0.4, 1.0], "balanced_mean": 0.85, "n_train": 700, "n_test": 150,
    }  # fmt: skip
    page = render_report(make_content(make_metrics(repeats=repeats), matrix))
    assert "Repeats on other splits" in page
    assert "5 repeats were asked for; the last ones were not finished" in page
    assert "Split of seed 1" in page
    assert "Repeats on other splits" not in render_report(make_content(make_metrics(repeats=None), matrix))


def test_the_parts_of_the_network_are_folded_if_there_are_many(matrix):
    rows = [(f"<b>{n}", "7 x 7 x 8", "99", "trained" if n else "frozen") for n in range(13)]
    network = {"sentence": "13 parts.", "rows": rows}
    page = render_report(make_content(make_metrics(), matrix, network=network))
    assert "All 13 parts, from the photo to the classes" in page
    assert "&lt;b&gt;12" in page
    short = render_report(make_content(make_metrics(), matrix, network={"sentence": "2 parts.", "rows": rows[:2]}))
    assert "All 2 parts" not in short


def test_a_long_list_of_skipped_photos_is_folded_and_cut():
    skipped = [{"path": f"cats/{i}.jpg", "reason": "broken"} for i in range(1250)]
    page = render_report(ReportContent("pets", make_metrics(skipped=skipped)))
    assert "1,250 photos could not be used" in page
    assert page.count("cats/") == 200
    assert "And 1,050 more" in page
    assert "<details open" not in page


def test_a_table_of_sixty_classes_is_folded():
    page = render_report(ReportContent("birds", make_metrics([f"species {i}" for i in range(60)])))
    assert "All 60 classes" in page
    assert "Top-3 accuracy" in page


@pytest.mark.parametrize(
    "decision", [Decision(label="<b>", threshold=0.03, find=0.9), Decision(costs=(MistakeCost("<b>", "dogs", 20.0),))]
)
def test_a_working_point_has_a_section_of_its_own(decision):
    y, labels = np.arange(60) % 2, ("<b>", "dogs")
    points = measure_decision(decision, labels, y, np.random.default_rng(0).dirichlet([1, 1], 60))
    points = [point | {"judged_by": "validation", "test": point} for point in points]
    page = render_report(ReportContent("pets", make_metrics(working_points=points)))
    text = Outline(page).text
    assert "Working point: <b>" in text
    assert "All other figures on this page are those of the most probable class." in text
    assert ("Mean cost" in text) == (decision.label is None)
    assert "Working point" not in Outline(render_report(ReportContent("pets", make_metrics()))).text


@pytest.mark.parametrize("new", [[], ["<owls>"]])
def test_a_run_that_grew_out_of_another_is_compared_with_it(new, matrix):
    row = {"label": "dogs", "n": 1234, "before": 8, "after": 7, "gained": 0, "lost": 1, "to_new": 1}
    record = {
        "run": "runs/<pets>", "added": {}, "forgotten": {}, "new_classes": new, "lost_classes": [],
        "left_out": {}, "comparison": None,
        "n_held_out": 9, "n_other": 1, "by_class": [row], "other_answers": [],
    }  # fmt: skip
    figures = {"other_answers": ReportFigure("Photos with another answer.", matrix)}
    page = Outline(render_report(ReportContent("pets", make_metrics() | {"growth": record}, figures)))
    assert "The earlier run is runs/<pets>." in page.text
    assert "1,234" in page.text
    assert "Photos with another answer." in page.text
    assert ("Now a new class" in page.text) == bool(new)
    assert "Compared with the earlier run" not in render_report(ReportContent("pets", make_metrics()))
