"""What `auto` decides, in a made-up world; and one choice on real photos."""

from dataclasses import replace

import numpy as np
import pytest

from headstart.catalog.scan import scan_photos
from headstart.errors import CacheError
from headstart.features.similarity import Similarity
from headstart.methods.settings import Settings
from headstart.training.auto import TOO_FEW, choose_method
from headstart.training.measurements import Measurements


def list_tried(record):
    return [(trial["method"], trial["features"], trial["averaged_views"]) for trial in record["tried"]]


def list_kept(record):
    return [trial["method"] for trial in record["tried"] if trial["is_kept"]]


def test_auto_stops_after_fixed_if_few_photos_are_wrong(make_world):
    trained, record = make_world(error=0.02).choose()
    assert trained.settings.method == "fixed"
    assert list_tried(record) == [("fixed", "last", 1)]
    assert record["tried"][0]["is_kept"]
    assert record["why"] == ("only 8 of 400 held-out photos were wrong: slower methods are unlikely to improve this")


@pytest.mark.parametrize(
    ("error", "told"),
    [(0.0, "all 400 held-out photos were right: slower"), (0.0025, "only 1 of 400 held-out photos was wrong: slower")],
)
def test_few_wrong_photos_are_counted(make_world, error, told):
    assert make_world(error=error).choose()[1]["why"].startswith(told)


def test_auto_stops_after_fixed_if_few_photos_were_held_out(make_world):
    _, record = make_world(n_judged=9).choose()
    assert record["why"] == TOO_FEW
    assert record["tried"] == []


def test_more_features_and_averages_are_kept_if_more_photos_are_right(make_world):
    world = make_world(wide_errors={1: 0.1, 2: 0.05, 4: 0.045}, has_torch=False, seconds={"hybrid": 170.0})
    trained, record = world.choose()
    assert list_tried(record) == [("fixed", "last", 1), *(("fixed", "wide", n) for n in (1, 2, 4))]
    assert [trial["is_kept"] for trial in record["tried"]] == [False, False, True, False]  # two more right are noise
    assert (trained.settings.features, trained.settings.average_views, trained.table.n_averaged) == ("wide", True, 2)
    # of the errors of the best features, 30% less are expected on photos unlike ImageNet's
    assert "hybrid training should be right on about 96.5% of new photos" in record["why"]
    assert "against 95.0% without it, and take about 3 min here, but torch is not installed" in record["why"]
    assert "'headstart[tune]'" in record["why"]
    assert record["similarity"] == 0.2


def test_a_small_budget_is_not_spent_on_features(make_world):
    _, record = make_world(seconds={"wide": 200.0}, has_torch=False).choose(budget_s=100.0)
    assert list_tried(record) == [("fixed", "last", 1)]
    assert "against 80.0% without it" in record["why"]


def test_a_budget_that_is_too_small_is_named(make_world):
    trained, record = make_world(seconds={"hybrid": 200.0}).choose(budget_s=90.0)
    assert trained.settings.method == "fixed"
    assert record["why"] == ("hybrid would take about 3 min, and 90 s of the budget were left; --budget 4m allows it")


def test_similar_photos_with_few_errors_are_not_trained_on_above_a_cut(make_world):
    world = make_world(similarity=0.9, error=0.05)
    _, record = world.choose()
    assert not world.trained
    assert "the photos are similar to ImageNet's (similarity 0.90)" in record["why"]


def test_methods_above_a_cut_are_judged_on_validation_photos(make_world):
    trained, record = make_world().choose()
    judged_by = [trial["judged_by"] for trial in record["tried"]]
    assert judged_by == ["cross-validation"] * 5 + ["validation"] * 3
    assert [trial["method"] for trial in record["tried"][5:]] == ["fixed", "hybrid", "finetune"]
    assert list_kept(record) == [trained.settings.method] == ["finetune"]


def test_too_few_validation_photos_are_not_compared_on(make_world):
    world = make_world()
    trained, record = world.choose(n_validation=10)
    assert trained.settings.method == "fixed"
    assert "there are too few validation photos (10)" in record["why"]


@pytest.mark.parametrize("error", [CacheError("Cannot keep activations: no room."), KeyboardInterrupt()])
@pytest.mark.parametrize(("step", "name"), [("wide", "taking more features"), ("hybrid", "hybrid")])
def test_the_best_so_far_is_kept_if_a_step_fails_or_is_interrupted(make_world, step, name, error):
    world = make_world(failing={step: error})
    trained, record = world.choose()
    assert trained.settings.method == "fixed"
    assert list_kept(record)
    if isinstance(error, KeyboardInterrupt):
        assert record["why"] == f"{name} was stopped"
        assert world.said[-1] == "Stopped: the best method so far is kept. The same command resumes this one."
    else:
        assert record["why"] == f"{name} failed: Cannot keep activations: no room"


def test_an_unexpected_error_is_not_hidden(make_world):
    with pytest.raises(ZeroDivisionError, match="a bug"):
        make_world(failing={"hybrid": ZeroDivisionError("a bug")}).choose()


def test_after_ctrl_c_in_a_method_no_other_is_tried(make_world):
    world = make_world(stopped={"hybrid"})
    trained, record = world.choose()
    assert trained.settings.method == "hybrid"
    assert record["why"] == "hybrid was stopped"
    assert world.runner.checkpoints == []  # they stay on disk, so that the same command resumes


def test_the_best_is_trained_again_with_the_photos_that_were_held_out(make_world):
    world = make_world()
    trained, record = world.choose(n_train=400)
    assert trained.settings.method == "finetune"
    assert record["why"].endswith("finetune was then trained again on all training photos, including the held-out ones")
    assert len(trained.table.splits["train"].photos) == 400
    assert [settings.method for settings in world.trained] == ["hybrid", "finetune", "finetune"]


@pytest.mark.parametrize("photos", [{"n_validation": 60}, {"n_test": 0}])
def test_validation_photos_of_the_user_or_a_missing_test_split_forbid_training_again(make_world, photos):
    trained, record = make_world().choose(**photos)
    assert "again" not in record["why"]
    assert trained.table.splits["validation"].photos


@pytest.mark.parametrize("averaging_gain", [0.05, -0.05])
def test_training_again_averages_views_only_if_that_lowers_the_loss(make_world, averaging_gain):
    world = make_world(wide_errors={2: 0.05, 4: 0.3}, averaging_error=0.1, averaging_gain=averaging_gain)
    trained, record = world.choose()
    assert [settings.n_averaged for settings in world.trained] == [2, 2, 2 if averaging_gain > 0 else 1]
    assert trained.table.n_averaged == world.trained[-1].n_averaged
    assert list_kept(record) == ["finetune"]


def test_time_to_train_again_is_not_spent_on_another_method(make_world):
    world = make_world(seconds={"hybrid": 9.0, "finetune": 250.0, "again": 100.0})
    trained, record = world.choose(budget_s=300.0, n_train=4000)  # enough for finetune to gain as much as hybrid
    assert trained.settings.method == "hybrid"
    assert record["why"] == (
        "finetune would take about 4 min, and 3 min of the budget were left after reserving time to train the best "
        "method so far again; --budget 6m allows it; "
        "hybrid was then trained again on all training photos, including the held-out ones"
    )


def test_too_little_time_to_train_again_is_told(make_world):
    world = make_world(seconds={"hybrid": 100.0, "again": 400.0}, losses={"fixed": 0.5, "hybrid": 0.3, "finetune": 0.9})
    trained, record = world.choose(budget_s=300.0)
    assert trained.table.splits["validation"].photos
    assert "to train hybrid again on all training photos" in record["why"]
    assert record["why"].endswith("would take about 7 min more: --budget 9m allows it")


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (KeyboardInterrupt(), "was stopped"),
        (CacheError("Cannot keep activations: no room."), "failed: Cannot keep activations: no room"),
    ],
)
def test_the_first_training_is_kept_if_training_again_fails(make_world, error, end):
    world = make_world(failing={"again": error})
    trained, record = world.choose()
    assert trained.settings.method == "finetune"
    assert trained.table.splits["validation"].photos
    assert record["why"].endswith(f"training finetune again on all training photos {end}")
    assert world.runner.checkpoints == []


def test_a_training_that_is_best_at_its_start_is_not_kept(make_world):
    trained, record = make_world(best_epoch=0).choose()
    assert trained.settings.method == "fixed"
    why = "every epoch of hybrid was worse on the validation photos than the start by more than noise"
    assert record["why"] == why
    assert record["tried"][-1]["gain"] is None


@pytest.mark.parametrize(
    ("similarity", "n_errors"), [(0.9, {"hybrid": 2.0, "finetune": 2.0}), (0.2, {"hybrid": -1.0, "finetune": 1.0})]
)
def test_hybrid_may_be_worse_by_noise_if_photos_are_dissimilar(make_world, similarity, n_errors):
    _, record = make_world(similarity=similarity).choose()
    needed = {trial["method"]: trial["needed"] for trial in record["tried"][5:] if trial["method"] != "fixed"}
    n_validation = record["tried"][-1]["n"]
    noise = 0.2 / np.sqrt(n_validation - n_validation % 2)  # the standard error of hybrid's losses, see `World`
    assert needed["hybrid"] == pytest.approx(n_errors["hybrid"] * noise, rel=0.05)
    assert needed["finetune"] == pytest.approx(0.0, abs=1e-9)  # its losses differ from hybrid's by a constant


@pytest.mark.parametrize(
    ("hybrid_loss", "similarity", "why"),
    [
        (0.52, 0.9, "hybrid was not clearly better on the validation photos"),
        (0.6, 0.2, "hybrid was worse by more than noise on the validation photos"),
    ],
)
def test_a_method_that_is_not_better_ends_the_search(make_world, hybrid_loss, similarity, why):
    world = make_world(losses={"fixed": 0.5, "hybrid": hybrid_loss}, similarity=similarity)
    trained, record = world.choose()
    assert trained.settings.method == "fixed"
    assert record["why"] == why


@pytest.mark.parametrize(
    ("similarity", "averaging_error", "wide_errors", "n_views"),
    [
        (0.2, 0.0, {4: 0.2}, 4), (0.2, 0.0, {2: 0.05, 4: 0.2}, 4), (0.2, 0.2, {1: 0.1, 2: 0.02, 4: 0.3}, 2),
        (0.2, 0.2, {4: 0.2}, None), (0.9, 0.0, {4: 0.2}, None), (0.9, 0.0, {2: 0.02, 4: 0.02}, 2),
    ],
)  # fmt: skip
def test_dissimilar_photos_without_an_orientation_are_trained_on_in_four_views(
    make_world, similarity, averaging_error, wide_errors, n_views
):
    world = make_world(similarity=similarity, averaging_error=averaging_error, wide_errors=wide_errors)
    world.choose()
    hybrid = world.trained[0]
    assert (hybrid.n_views, hybrid.average_views) == (n_views, n_views is not None)
    assert hybrid.train_norms == (similarity < 0.65)


def test_the_number_of_epochs_is_that_of_the_methods_above_a_cut(make_world):
    world = make_world()
    world.choose(epochs=1)
    assert {settings.epochs for settings in world.trained} == {1}
    assert world.choose(epochs=1, n_test=0)[0].settings.epochs == 1


def test_photos_are_counted_where_they_were_extracted(make_world):
    trained, _ = make_world(n_new_photos=7).choose()
    assert (trained.settings.method, trained.table.n_extracted) == ("finetune", 7)


@pytest.mark.slow
def test_auto_on_real_photos(paint_folder, tmp_path, make_runner):
    catalog = scan_photos(paint_folder(tmp_path / "photos", n=16))
    splits = ["train", *["validation"] * 3] * 4  # of each class 4 photos to train on, and 12 to compare on
    by_label = {label: iter(splits) for label in catalog.labels}
    photos = tuple(replace(photo, split=next(by_label[photo.label])) for photo in catalog.photos)
    measurements = Measurements(
        cross_validate=lambda *_: np.arange(100) % 5 > 0,
        compare_with_imagenet=lambda _: Similarity(0.2, 0.4, 8), estimate_seconds=lambda *_: 1.0,
    )  # fmt: skip
    runner = make_runner(replace(catalog, photos=photos), cache=True)
    said = []
    trained, record = choose_method(runner, Settings(image_size=96, epochs=1), said.append, measurements)
    assert [trial["judged_by"] for trial in record["tried"][5:7]] == ["validation"] * 2
    assert list_kept(record) == [trained.settings.method]
    assert said[0] == "Going on with hybrid: about 1 s."
