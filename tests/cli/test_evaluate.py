"""``headstart evaluate``: which photos, how many, how sure."""

import json


def test_evaluate_prints_accuracy_with_its_interval(run, photos, headstart):
    answer = headstart("evaluate", run.folder, photos)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"Of all photos in {photos}, the 8 that the classifier was not trained on:")
    assert "\nAccuracy " in answer.stdout
    assert "95% interval" in answer.stdout
    record = json.loads(headstart("evaluate", run.folder, run.folder / "catalog.csv", "--json").stdout)
    assert record["split"] == "test"
    assert record["accuracy"] == run.metrics["test"]["accuracy"]
