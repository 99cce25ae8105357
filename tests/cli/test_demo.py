"""``headstart demo``: a training on photos of solar cells, compared with published accuracies."""

import json

import pytest


@pytest.mark.slow
def test_the_accuracy_is_printed_with_published_accuracies(headstart, tmp_path):
    answer = headstart("demo", "--out", tmp_path / "run")
    assert answer.returncode == 0, answer.stderr
    for text in ("Test accuracy on 654 solar cells", "82.44%", "88.42%", "Deitsch et al. 2019", "report.html"):
        assert text in answer.stdout
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["test"]["accuracy"] > 0.83
    assert metrics["train"]["n"] == 1970
