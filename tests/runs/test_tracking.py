"""A complete run is sent to a tracker; if the tracker fails, the run stays complete."""

import json
import shutil
import sys
from types import SimpleNamespace

import pytest

import headstart as hs
from headstart.errors import MissingExtraError, RunError
from headstart.runs import tracking
from headstart.runs.tracked_run import read_tracked_run


@pytest.fixture
def run(trained, tmp_path):
    return hs.Run(shutil.copytree(trained.folder, tmp_path / "a run"))


@pytest.fixture
def broken(monkeypatch):
    """An installed tracker that fails."""
    module = SimpleNamespace()
    monkeypatch.setitem(tracking.PACKAGES, "mlflow", ())
    monkeypatch.setitem(sys.modules, "headstart.runs.tracking_mlflow", module)

    def fail_with(error):
        def send_run(tracked):
            raise error

        module.send_run = send_run

    return fail_with


def test_a_run_has_parameters_metrics_history_and_tags(run):
    tracked, metrics = read_tracked_run(run.folder), run.metrics
    assert tracked.name == "a run"
    assert tracked.verdict == run.verdict
    wanted = {
        "method": "fixed", "cut": "top", "backbone": "mobilenet_v2", "image_size": 96, "head": "logistic", "seed": 0,
        "n_classes": 2, "is_auto": False, "n_train": 28, "n_test": 6, "class_weight": "none",
        "strength": metrics["strength"]["chosen"],
    }  # fmt: skip
    assert wanted.items() <= tracked.parameters.items()
    test = metrics["test"]
    assert tracked.metrics["test/accuracy"] == test["accuracy"]
    low, high = tracked.metrics["test/accuracy_low"], tracked.metrics["test/accuracy_high"]
    assert [low, high] == test["accuracy_ci95"]
    assert {"train/loss", "validation/macro_f1", "cross_validation/accuracy_low", "seconds/total"} <= set(
        tracked.metrics
    )
    assert not [name for name, value in tracked.metrics.items() if not isinstance(value, float)]
    points = zip(run.history["Data"], run.history["Epoch"], strict=True)
    assert [(row.data, row.epoch) for row in tracked.history] == list(points)
    assert tracked.tags["headstart.version"] == hs.__version__
    assert tracked.tags["headstart.photos"].endswith("photos")


def test_the_hash_of_the_catalog_depends_on_photos_and_labels_but_not_on_paths(run):
    def read_hash():
        return read_tracked_run(run.folder).tags["headstart.catalog_sha256"]

    before, catalog = read_hash(), run.folder / "catalog.csv"
    text = catalog.read_text(encoding="utf-8")
    catalog.write_text(text.replace("photos", "elsewhere"), encoding="utf-8")
    assert read_hash() == before
    catalog.write_text(text.replace(",dots,train,", ",dots,test,", 1), encoding="utf-8")
    assert read_hash() != before


def test_a_run_without_a_test_set_and_cross_validation_can_be_tracked(run):
    metrics = run.metrics | dict.fromkeys(("test", "cross_validation", "strength"))
    (run.folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    tracked = read_tracked_run(run.folder)
    assert tracked.parameters["n_test"] == 0
    assert not [name for name in tracked.metrics if name.startswith("test/")]
    assert "strength" not in tracked.parameters


def test_missing_packages_are_named_before_training(tmp_path, monkeypatch):
    monkeypatch.setitem(tracking.PACKAGES, "mlflow", ("no_such_package", "numpy", "no_other_package"))
    with pytest.raises(MissingExtraError, match=r"'no_such_package' and 'no_other_package'.*headstart\[mlflow\]"):
        hs.train(tmp_path / "no such photos", track="mlflow")
    with pytest.raises(RunError, match="got tracker 'wandb', need one of mlflow, tensorboard"):
        hs.train(tmp_path / "no such photos", track="wandb")


@pytest.mark.filterwarnings("default")
def test_a_failed_tracker_keeps_the_run(make_folder, tmp_path, broken):
    broken(OSError("no answer from https://me:secret@example.org/api\nfor a long time"))
    with pytest.warns(UserWarning, match="The run is complete") as warned:
        run = hs.train(
            make_folder(), out=tmp_path / "the run", method="fixed", image_size=96, verbose=False, track="mlflow"
        )
    assert run.model.predict(tmp_path / "photos" / "dots" / "000.jpg").label == "dots"
    message = str(warned[0].message)
    assert message.endswith(f"to track it later: headstart track '{tmp_path / 'the run'}' --to mlflow")
    assert "by mlflow: no answer from https://example.org/api for a long time. The run is complete" in message
    with pytest.raises(RunError, match=r"Cannot track run .* by mlflow: no answer"):
        run.track("mlflow")


def test_an_error_without_a_message_is_named_by_its_type(run, broken):
    broken(TimeoutError())
    with pytest.raises(RunError, match="by mlflow: TimeoutError"):
        run.track("mlflow")
