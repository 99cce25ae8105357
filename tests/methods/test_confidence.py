"""The confidence of a head is set by scores of photos that it was fitted without; no answer changes."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import SPLITS, Photo
from headstart.methods.confidence import set_confidence
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.head_fitting import fit_head
from headstart.methods.out_of_fold import predict_out_of_fold
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod

GENERATOR = np.random.default_rng(0)


def make_trained(sizes=(200, 60, 600), n_classes=2, **options):
    splits, photos = {}, []
    for split, n in zip(SPLITS, sizes, strict=True):
        y = np.arange(n) % n_classes
        X = (GENERATOR.normal(size=(n, 40)) + 0.6 * np.eye(n_classes, 40)[y]).astype(np.float32)
        some = tuple(Photo(f"{split}{i}.jpg", f"{y[i]:04}", digest=f"{split}{i}", split=split) for i in range(n))
        splits[split] = SplitFeatures(some, X, y, X[None])
        photos += some
    table = FeatureTable(
        catalog=Catalog(tuple(photos)), splits=splits, n_averaged=1, image_size=224, precision="f32",
        n_extracted=0, n_cached=0,
    )  # fmt: skip
    train = splits["train"]
    return TrainedMethod(
        settings=Settings(method="fixed"), cut="head", backbone=load_backbone(), table=table,
        fitted=fit_head(train.views, train.y, n_classes, **options),
    )  # fmt: skip


def measure(head, split):
    probabilities = head.probabilities(split.X)
    loss = -np.log(probabilities[np.arange(len(split.y)), split.y]).mean()
    return probabilities.max(1).mean() - (probabilities.argmax(1) == split.y).mean(), loss


@pytest.mark.parametrize("strength", [3e-3, 10.0])
def test_the_confidence_comes_close_to_the_accuracy_and_no_answer_changes(strength):
    plain = make_trained(strength=strength).fit_again()
    trained = set_confidence(plain)
    test = plain.table.splits["test"]
    (gap, loss), (old_gap, old_loss) = measure(trained.final.head, test), measure(plain.final.head, test)
    assert abs(old_gap) > 0.08
    assert abs(gap) < 0.8 * abs(old_gap)
    assert loss < old_loss
    for before, after in ((plain.final.head, trained.final.head), (plain.fitted.head, trained.fitted.head)):
        np.testing.assert_array_equal(before.scores(test.X).argmax(1), after.scores(test.X).argmax(1))
    record = trained.confidence
    assert (record["n"], record["is_validation"]) == (260, False)
    assert (record["factor"] > 1) == (strength < 1)
    assert record["loss_after"] < record["loss_before"]
    assert record["calibration_error_after"] < record["calibration_error_before"]


def test_out_of_fold_scores_are_those_after_the_factor():
    plain = make_trained(strength=10.0)
    trained = set_confidence(plain)
    before, after = predict_out_of_fold(plain), predict_out_of_fold(trained)
    np.testing.assert_allclose(after.scores, before.scores * trained.confidence["factor"], rtol=1e-6)


def test_a_head_without_folds_is_set_by_the_validation_photos():
    trained = set_confidence(make_trained(kind="adam", epochs=2))
    assert trained.confidence["is_validation"]
    assert trained.confidence["n"] == 60


def test_one_photo_a_class_is_set_by_the_validation_photos_or_left_alone():
    one = make_trained((30, 0, 60), n_classes=30)
    assert set_confidence(one) is one
    more = set_confidence(make_trained((30, 30, 60), n_classes=30).fit_again())
    assert more.confidence["n"] == 60


def test_a_tuned_network_is_left_alone():
    tuned = replace(make_trained(), tuned=object())
    assert set_confidence(tuned) is tuned
