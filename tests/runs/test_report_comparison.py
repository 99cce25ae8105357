"""An evaluation on the photos of the report has the figures of the report, or one sentence says what differs."""

import json

import pytest

from headstart.runs.report_comparison import compare_with_report, find_run_metrics

NUMBERS = {"n": 80, "accuracy": 0.9, "accuracy_ci95": [0.8, 0.95], "loss": 0.3, "photos_digest": "aa"}
REPORT = {"precision": "f32", "test": NUMBERS, "validation": NUMBERS | {"photos_digest": "bb"}, "train": None}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "These are the test photos of the report, and the figures agree."),
        ({"photos_digest": "bb"}, "These are the validation photos of the report, and the figures agree."),
        (
            {"accuracy": 0.8875, "precision": "bf16"},
            "These are the test photos of the report, which says 90.0% (log loss 0.3000): the report was computed "
            "in f32, this evaluation in bf16.",
        ),
        (
            {"loss": 0.31},
            "These are the test photos of the report, which says 90.0% (log loss 0.3000): the processor or the "
            "versions of the programs have changed.",
        ),
        (
            {"accuracy_ci95": [0.85, 0.93]},
            "These are the test photos of the report, and the figures agree. Only the interval differs: the report "
            "counts photos of one group, and near copies, together.",
        ),
        (
            {"photos_digest": "cc"},
            "These are other photos than the 80 test photos of the report, which says 90.0%.",
        ),
        (
            {"photos_digest": "cc", "accuracy": 0.98, "accuracy_ci95": [0.96, 0.99]},
            "These are other photos than the 80 test photos of the report, which says 90.0%. They are easier by more "
            "than chance. Training photos are recognised by their bytes: if these are training photos that "
            "were saved again, the accuracy is too good.",
        ),
    ],
)
def test_one_sentence_says_whether_the_figures_agree(changes, sentence):
    assert compare_with_report(NUMBERS | {"precision": "f32"} | changes, REPORT) == sentence


def test_a_report_without_digests_of_photos_is_not_compared():
    assert compare_with_report(NUMBERS | {"precision": "f32"}, {"test": {"n": 80, "accuracy": 0.9}}) == ""


def test_the_metrics_are_found_by_the_folder_or_the_classifier_in_it(tmp_path):
    assert find_run_metrics(tmp_path) is None
    (tmp_path / "metrics.json").write_text(json.dumps(REPORT))
    assert find_run_metrics(tmp_path) == find_run_metrics(tmp_path / "model.onnx") == REPORT
    assert find_run_metrics(tmp_path / "other.onnx") is None
    (tmp_path / "metrics.json").write_text("{")
    assert find_run_metrics(tmp_path) is None
