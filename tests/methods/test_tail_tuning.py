"""Training above a cut, from photos to a backbone with new weights."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.classifier.classifier import Classifier
from headstart.errors import BackboneError
from headstart.methods import tail_tuning
from headstart.methods.settings import Settings
from headstart.methods.tail_tuning import choose_cut, choose_hyperparameters, list_tuning_views
from headstart.pixels.views import AS_IT_IS, SYMMETRIES, ViewChoice
from headstart.scale.ray_training import RayWorkers

SETTINGS = Settings(method="hybrid", cut="block_15", image_size=96, epochs=1, precision="f32")


@pytest.fixture(scope="module")
def runner(paint_folder, tmp_path_factory, make_runner):
    folder = paint_folder(tmp_path_factory.mktemp("tuning") / "photos", ("dots", "stripes"), 12)
    catalog = scan_photos(folder)
    # without validation photos the last epoch is kept, and not the start, which is hard to beat on painted photos
    photos = tuple(photo for photo in catalog.photos if photo.split != "validation")
    return make_runner(replace(catalog, photos=photos), precision="f32")


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        replace(SETTINGS, average_views=True, n_views=2, train_norms=True),
        replace(SETTINGS, method="finetune", cut=None),
        replace(SETTINGS, method="scratch", cut=None),
    ],
    ids=["hybrid", "averaged", "finetune", "scratch"],
)
def test_the_classifier_file_gives_the_probabilities_of_the_metrics(runner, settings):
    trained = runner.run(settings)
    classifier = Classifier.from_bytes(trained.build_file().data, precision="f32")
    rows = trained.table.splits["test"]
    judged = trained.fitted.head.probabilities(rows.X)
    np.testing.assert_allclose(
        classifier.predict_probabilities([photo.path for photo in rows.photos]), judged, atol=1e-5
    )
    assert trained.backbone.spec.weights_sha256 != load_backbone().spec.weights_sha256
    assert classifier.metadata.method == settings.method
    assert classifier.metadata.cut == (settings.cut or "pixels")
    assert trained.fitted.history[0].data == "Training"


def test_each_method_has_a_default_cut():
    backbone = load_backbone()
    assert [choose_cut(m, None, backbone) for m in ("fixed", "hybrid", "finetune", "scratch")] == [
        "top", "block_12", "pixels", "pixels",
    ]  # fmt: skip
    assert choose_cut("hybrid", "block_3", backbone) == "block_3"
    several = load_backbone("mobilenet_v2@96+mobilenet_v2@128")
    assert choose_cut("fixed", None, several) == "mobilenet_v2@128/top"
    assert choose_cut("auto", None, several) == "pixels"
    for method in ("hybrid", "finetune", "scratch"):
        with pytest.raises(BackboneError, match=f"Cannot train by {method}: got .* with 2 networks, need one network"):
            choose_cut(method, None, several)
    with pytest.raises(BackboneError, match="Cannot cut"):
        choose_cut("hybrid", "block_99", backbone)


def test_any_gain_over_the_start_is_kept_only_if_batch_norms_are_trained():
    plain = choose_hyperparameters("hybrid", Settings(method="hybrid"), 1000)
    unlike = choose_hyperparameters("hybrid", Settings(method="hybrid", train_norms=True), 1000)
    assert (plain.is_norm_trained, plain.n_errors) == (False, 2.0)
    assert (unlike.is_norm_trained, unlike.n_errors) == (True, -1.0)


def test_the_views_to_train_on_follow_from_the_settings_and_the_cut():
    hybrid = Settings(method="hybrid")
    assert list_tuning_views(hybrid, "block_12") == SYMMETRIES[:2]
    averaged = list_tuning_views(replace(hybrid, average_views=True), "block_12")
    assert averaged == (AS_IT_IS, ViewChoice(SYMMETRIES[1:4]))
    assert {averaged[1].choose(f"photo {n}") for n in range(30)} == set(SYMMETRIES[1:4])
    assert list_tuning_views(replace(hybrid, n_views=3), "block_12")[0] == AS_IT_IS
    assert len(set(list_tuning_views(replace(hybrid, n_views=3), "block_12"))) == 3
    assert list_tuning_views(hybrid, "pixels") == (AS_IT_IS,)


@pytest.mark.parametrize(("rule", "n_kept", "power"), [("auto", 1, 0.5), ("auto", 4, None), ("balanced", 4, 1.0)])
def test_classes_are_weighed_above_a_cut_if_one_is_rare(runner, rule, n_kept, power):
    kept, n_stripes = [], 0
    for photo in runner.catalog.photos:
        n_stripes += photo.label == "stripes" and photo.split == "train"
        if not (photo.label == "stripes" and photo.split == "train" and n_stripes > n_kept):
            kept.append(photo)
    runner = replace(runner, catalog=replace(runner.catalog, photos=tuple(kept)))
    trained = runner.run(replace(SETTINGS, class_weight=rule))
    if power is None:
        assert trained.fitted.class_weight is None
        return
    counts = np.bincount(trained.table.splits["train"].y)
    weights = trained.fitted.class_weight
    np.testing.assert_allclose(weights[1] / weights[0], (counts[0] / counts[1]) ** power)


def use_workers(runner, workers):
    return replace(runner, context=replace(runner.context, workers=workers))


def test_ray_workers_get_the_task_of_this_process(runner, monkeypatch):
    given = []

    def fit(task, workers, *, progress, say):
        given.append((task, workers))
        return task.fit(task.open(), progress=progress, say=say)

    monkeypatch.setattr(tail_tuning, "fit_on_ray", fit)
    here, there = runner.run(SETTINGS), use_workers(runner, RayWorkers("local", 2)).run(SETTINGS)
    assert there.backbone.weights == here.backbone.weights
    [(task, workers)] = given
    assert workers == RayWorkers("local", 2)
    assert [photo.digest for photo in task.photos] == sorted(photo.digest for photo in task.photos)
    assert task.checkpoint is None  # nothing is kept


def test_the_checkpoint_of_other_workers_has_another_name(runner):
    table = runner.extract(runner.backbone, SETTINGS)
    hyperparameters = choose_hyperparameters("hybrid", SETTINGS, 10)
    names = {
        tail_tuning._name_training(
            table, SETTINGS, replace(runner.context, workers=workers), cut="block_15", hyperparameters=hyperparameters
        )
        for workers in (None, RayWorkers("local"), RayWorkers("local", 2), RayWorkers("10.0.0.1:6379", 2))
    }
    assert len(names) == 4


def test_the_checkpoint_of_rounded_activations_has_another_name(runner):
    table = runner.extract(runner.backbone, SETTINGS)
    hyperparameters = choose_hyperparameters("hybrid", SETTINGS, 10)
    names = [
        tail_tuning._name_training(
            table, replace(SETTINGS, cache_limit_gb=limit), runner.context, cut="block_15",
            hyperparameters=hyperparameters,
        )
        for limit in (20.0, 10.0, 1e-4)
    ]  # fmt: skip
    assert names[0] == names[1] != names[2]
