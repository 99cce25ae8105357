"""The forecast of a training, or why there is none."""

import json

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS, Photo
from headstart.evaluation.forecast import Forecast
from headstart.head.linear import LinearHead
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.forecast import describe_forecast, forecast_training
from headstart.methods.head_fitting import FittedHead
from headstart.methods.nested_cross_validation import cross_validate_nested
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod


def make_trained(y, *, shift=2.0):
    generator = np.random.default_rng(0)
    X = (generator.normal(size=(len(y), 20)) + shift * np.eye(20)[y]).astype(np.float32)
    names = [SPLITS[(0, 0, 1, 2)[n % 4]] for n in range(len(y))]
    photos = [Photo(f"{n}.jpg", "abcd"[y[n]], digest=f"{n:064x}", split=name) for n, name in enumerate(names)]
    splits = {}
    for split in SPLITS:
        at = [n for n, name in enumerate(names) if name == split]
        splits[split] = SplitFeatures(tuple(photos[n] for n in at), X[at], np.asarray(y)[at], X[at][None])
    table = FeatureTable(
        catalog=Catalog(tuple(photos)), splits=splits, n_averaged=1, image_size=224, precision="f32",
        n_extracted=len(y), n_cached=0,
    )  # fmt: skip
    head = LinearHead(np.zeros((20, 4), np.float32), np.zeros(4, np.float32))
    return TrainedMethod(
        settings=Settings(method="fixed"), cut="head", backbone=load_backbone(), table=table,
        fitted=FittedHead(head=head, history=(), strength=0.1, class_weight=None),
    )  # fmt: skip


def forecast(trained, splits=("train", "validation", "test")):
    record = forecast_training(trained, cross_validate_nested(trained).measures, splits)
    assert json.loads(json.dumps(record)) == record
    return record


def test_a_training_is_forecast_from_all_its_photos():
    record = forecast(make_trained([0, 1, 2] * 60, shift=1.5))
    assert record["reason"] is None
    assert (record["n"], record["most"]) == (180, 1800)
    assert [row["n_photos"] for row in record["expected"]] == [360, 900]
    assert record["accuracy"] < record["expected"][0]["accuracy"] < record["expected"][1]["accuracy"]
    assert record["curve"][0]["accuracy"] == pytest.approx(record["accuracy"], abs=0.01)
    assert [round(point["factor"], 2) for point in record["points"]] == pytest.approx([0.31, 0.62, 0.94], abs=0.02)


def test_without_cross_validation_there_is_no_forecast():
    assert forecast_training(make_trained([0, 1] * 30), None) == {"reason": "no-cross-validation"}


def test_few_photos_are_not_forecast():
    assert forecast(make_trained([0, 1] * 12))["reason"] == "few-photos"
    assert (
        forecast_training(make_trained([0, 1] * 20), {"accuracy": 0.9, "n": 29, "n_folds": 5})["reason"] == "few-photos"
    )


def test_few_groups_are_not_called_few_photos(monkeypatch):
    monkeypatch.setattr(SplitFeatures, "groups", property(lambda self: [f"g{n % 2}" for n in range(len(self.y))]))
    record = forecast_training(make_trained([0, 1, 1, 0] * 15), {"accuracy": 0.9, "n": 60, "n_folds": 5})
    assert (record["reason"], record["n_groups"]) == ("few-groups", 2)


def make(error=0.2, exponent=0.25, measured=0.25, measured_sd=0.05):
    return Forecast(1000, 800, error, exponent, 0.05, measured, measured_sd)


@pytest.mark.parametrize(
    ("made", "guess", "copy_share", "reason"),
    [
        (make(), 0.5, 0.0, None), (make(), 0.5, 0.4, "near-copies"), (make(error=0.55), 0.5, 0.0, "guessing"),
        (make(error=0.48), 0.5, 0.0, "guessing"), (make(error=0.47), 0.5, 0.0, None),
        (make(measured=-0.1), 0.5, 0.0, "flat"), (make(measured=-0.1, measured_sd=0.2), 0.5, 0.0, None),
        (make(error=0.02, measured=-0.1), 0.5, 0.0, None),
    ],
)  # fmt: skip
def test_what_cannot_be_known_has_a_reason(made, guess, copy_share, reason):
    record = describe_forecast(made, guess=guess, copy_share=copy_share)
    assert record["reason"] == reason
    assert ("expected" in record) == (reason is None)


def test_the_target_is_the_next_round_accuracy_that_is_worth_it():
    assert describe_forecast(make(error=0.22), guess=0.5, copy_share=0)["target"]["accuracy"] == 0.85
    assert describe_forecast(make(error=0.11), guess=0.5, copy_share=0)["target"]["accuracy"] == 0.95
    assert describe_forecast(make(error=0.001), guess=0.5, copy_share=0)["target"] is None


def test_the_forecast_takes_the_features_of_the_last_stage(monkeypatch):
    taken = []
    monkeypatch.setattr(
        "headstart.methods.forecast.measure_learning_curve", lambda X, *_, **__: taken.append(X.shape) or []
    )
    trained = make_trained([0, 1] * 40)
    monkeypatch.setattr(type(trained.backbone.spec), "n_last_features", 8)
    assert forecast(trained)["reason"] == "few-photos"
    assert taken == [(80, 8)]
    assert np.isfinite(trained.table.splits["train"].X).all()
