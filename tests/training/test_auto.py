"""The method is chosen by photos that were held out."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from headstart.catalog.scan import scan_photos
from headstart.errors import CacheError
from headstart.features.similarity import Similarity
from headstart.methods import method_runner
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import Settings
from headstart.runs.run_description import describe_training
from headstart.training import auto, trials
from headstart.training.auto import choose_method
from headstart.training.auto_record import AutoRecord
from headstart.tune import device, throughput

SETTINGS = Settings(image_size=96, epochs=2)


@pytest.fixture(scope="module")
def catalog(paint_folder, tmp_path_factory):
    folder = paint_folder(tmp_path_factory.mktemp("auto") / "photos", ("dots", "stripes"), 16)
    return scan_photos(folder)


@pytest.fixture
def runner(catalog, make_runner):
    return make_runner(catalog, cache=True)


def choose(runner, monkeypatch, *, has_torch=True, **changes):
    monkeypatch.setattr(auto, "can_tune", lambda: has_torch)
    monkeypatch.setattr(trials, "FEWEST_HELD_OUT", 1)
    return choose_method(runner, replace(SETTINGS, **changes), lambda _: None)


def list_tried(record):
    return [(trial["method"], trial["features"], trial["averaged_views"]) for trial in record["tried"]]


def test_what_is_nearly_always_right_is_left_at_that(runner, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", 1.1)
    trained, record = choose(runner, monkeypatch)
    assert trained.settings.method == "fixed"
    assert list_tried(record) == [("fixed", "last", 1)]
    assert record["tried"][0]["is_kept"]
    assert "little left to gain" in record["why"]


def test_without_torch_it_says_what_to_install(runner, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    trained, record = choose(runner, monkeypatch, has_torch=False)
    assert trained.settings.method == "fixed"
    assert list_tried(record) == [("fixed", "last", 1), *(("fixed", "all", n) for n in (1, 2, 4))]
    assert "pip install 'headstart[tune]'" in record["why"]
    assert 0 < record["similarity"] < 0.65


def test_a_budget_that_is_too_small_is_kept_and_named(runner, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    _, record = choose(runner, monkeypatch, budget_s=0.01)
    assert "hybrid would take about" in record["why"]
    assert "--budget 1m allows it" in record["why"]


def test_training_above_the_cut_is_judged_on_validation_photos(runner, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    trained, record = choose(runner, monkeypatch, budget_s=1e6)
    judged_by = [trial["judged_by"] for trial in record["tried"]]
    assert judged_by[:4] == ["cross-validation"] * 4
    assert set(judged_by[4:]) == {"validation"}
    assert list_tried(record)[5][0] == "hybrid"
    kept = {trial["method"] for trial in record["tried"] if trial["is_kept"]}
    assert kept == {trained.settings.method}


def go_above(runner, monkeypatch, **changes):
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    return choose(runner, monkeypatch, budget_s=1e6, **changes)


def test_what_fails_above_the_cut_costs_nothing_that_is_there(runner, monkeypatch):
    def fail(self, settings):
        raise CacheError("Cannot keep activations: no room.")

    monkeypatch.setattr(MethodRunner, "run_tuned", fail)
    trained, record = go_above(runner, monkeypatch)
    assert trained.settings.method == "fixed"
    assert record["why"] == "hybrid failed: Cannot keep activations: no room"


def test_a_gpu_that_fails_costs_nothing_that_is_there(runner, monkeypatch):
    def run_out(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")

    monkeypatch.setattr(throughput, "_known", {})
    monkeypatch.setattr(throughput, "TailAndHead", run_out)
    monkeypatch.setattr(device, "choose_device", lambda: torch.device("cuda", 0))
    trained, record = go_above(runner, monkeypatch)
    assert trained.settings.method == "fixed"
    assert "failed: Cannot train above the cut: the GPU failed (CUDA out of memory" in record["why"]


@pytest.mark.parametrize(("verb", "what"), [("Judging", "hybrid"), ("Extracting", "taking more features")])
def test_ctrl_c_keeps_what_was_best_so_far(runner, monkeypatch, verb, what):
    extract = MethodRunner.extract

    def interrupt(self, backbone, settings, *, verb="Extracting", **more):
        if verb == asked and backbone is not self.backbone:
            raise KeyboardInterrupt
        return extract(self, backbone, settings, verb=verb, **more)

    asked = verb
    monkeypatch.setattr(MethodRunner, "extract", interrupt)
    said = []
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    monkeypatch.setattr(trials, "FEWEST_HELD_OUT", 1)
    trained, record = choose_method(runner, replace(SETTINGS, budget_s=1e6), said.append)
    assert trained.settings.method == "fixed"
    assert record["why"] == f"{what} was stopped by Ctrl-C"
    assert any(trial["is_kept"] for trial in record["tried"])
    assert said[-1].startswith("Keeping what was best so far")


def test_after_ctrl_c_nothing_more_is_tried(runner, monkeypatch):
    make = MethodRunner.run_tuned

    def stop(self, settings):
        trained = make(self, settings)
        tuned = replace(trained.tuned, result=replace(trained.tuned.result, is_stopped=True, best_epoch=1))
        return replace(trained, tuned=tuned)

    monkeypatch.setattr(MethodRunner, "run_tuned", stop)
    monkeypatch.setattr(auto, "compare_losses", lambda *_: (0.1, 0.0))
    trained, record = go_above(runner, monkeypatch)
    assert trained.settings.method == "hybrid"
    assert record["why"] == "hybrid was stopped by Ctrl-C"


def test_with_too_few_validation_photos_nothing_is_trained_above_the_cut(runner, monkeypatch):
    monkeypatch.setattr(auto, "can_compare", lambda _: False)
    trained, record = go_above(runner, monkeypatch)
    assert trained.settings.method == "fixed"
    assert "too few validation photos" in record["why"]


def test_a_few_held_out_photos_prove_nothing(runner, monkeypatch):
    monkeypatch.setattr(auto, "judge_training", lambda *_: torch.ones(9, dtype=torch.bool).numpy())
    _, record = choose(runner, monkeypatch)
    assert record["why"] == auto.TOO_FEW
    assert list_tried(record) == []


def test_a_small_budget_is_not_spent_on_features(runner, monkeypatch):
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    _, record = choose(runner, monkeypatch, budget_s=0.01)
    assert list_tried(record) == [("fixed", "last", 1)]


def win_in_epoch(monkeypatch, epoch):
    """Have every training above the cut be better than the best before it, and best in an epoch."""
    monkeypatch.setattr(auto, "compare_losses", lambda *_: (0.1, 0.0))
    make = MethodRunner.run_tuned

    def win(self, settings, **more):
        trained = make(self, settings, **more)
        return replace(trained, tuned=replace(trained.tuned, result=replace(trained.tuned.result, best_epoch=epoch)))

    monkeypatch.setattr(MethodRunner, "run_tuned", win)


def resplit(runner, **changes):
    photos = tuple(replace(photo, split=changes.get(photo.split, photo.split)) for photo in runner.catalog.photos)
    return replace(runner, catalog=replace(runner.catalog, photos=photos))


def test_what_is_kept_is_trained_again_with_what_was_held_out_to_compare(runner, monkeypatch):
    win_in_epoch(monkeypatch, 1)
    runner = resplit(runner, validation="train")
    trained, record = go_above(runner, monkeypatch)
    assert trained.settings.method == "finetune"
    assert record["why"].endswith("then trained again on all training photos, those held out among them")
    assert len(trained.table.splits["train"].photos) == len(runner.catalog.select("train"))
    assert trained.tuned.result.n_epochs == trained.tuned.hyperparameters.epochs == 2
    assert any("all epochs were trained" in note for note in describe_training(trained)["notes"])


@pytest.mark.parametrize("is_average_dropped", [True, False])
def test_training_again_judges_no_views_that_are_not_kept(runner, monkeypatch, is_average_dropped):
    win_in_epoch(monkeypatch, 1)
    monkeypatch.setattr(
        auto, "drop_average", trials.take_single_view if is_average_dropped else lambda trained: trained
    )
    choose_above = auto._MethodChoice._choose_above
    monkeypatch.setattr(
        auto._MethodChoice, "_choose_above",
        lambda *told: replace(choose_above(*told), n_views=2, average_views=True),
    )  # fmt: skip
    extract, judged = MethodRunner.extract, []

    def note(self, *told, verb="Extracting", **more):
        if verb == "Judging":
            judged.append(more["n_views"])
        return extract(self, *told, verb=verb, **more)

    monkeypatch.setattr(MethodRunner, "extract", note)
    trained, record = go_above(resplit(runner, validation="train"), monkeypatch)
    assert "trained again" in record["why"]
    assert judged == [2, 2, 1 if is_average_dropped else 2]
    assert trained.table.n_averaged == judged[-1]
    assert trained.tuned.n_symmetric == 2
    assert {(trial["method"], trial["averaged_views"]) for trial in record["tried"] if trial["is_kept"]} == {
        ("finetune", judged[-1])
    }


def estimate(monkeypatch, *, again, **seconds):
    """Have the clock stand still, and each method take so many seconds."""
    monkeypatch.setattr(auto, "estimate_seconds", lambda _, settings, __: seconds.get(settings.method, 0.0))
    monkeypatch.setattr(auto, "estimate_seconds_again", lambda *_: again)
    monkeypatch.setattr(AutoRecord, "seconds", 0.0)
    monkeypatch.setattr(auto, "FEW_ERRORS", -1.0)
    win_in_epoch(monkeypatch, 1)


def test_time_to_train_again_is_not_spent_on_another_method(runner, monkeypatch):
    estimate(monkeypatch, hybrid=100.0, finetune=250.0, again=100.0)
    trained, record = choose(resplit(runner, validation="train"), monkeypatch, budget_s=300.0)
    assert trained.settings.method == "hybrid"
    assert record["why"] == (
        "finetune would take about 4 min, and 3 min of the budget were left beside training again what is best so far; "
        "--budget 6m allows it; hybrid was then trained again on all training photos, those held out among them"
    )


def test_too_little_time_to_train_again_is_told(runner, monkeypatch):
    estimate(monkeypatch, hybrid=100.0, finetune=250.0, again=400.0)
    trained, record = choose(resplit(runner, validation="train"), monkeypatch, budget_s=300.0)
    assert trained.table.splits["validation"].photos
    assert "to train hybrid again on all training photos" in record["why"]
    assert record["why"].endswith("would take about 7 min more: --budget 7m allows it")


def test_ctrl_c_in_the_second_training_keeps_the_first(runner, monkeypatch):
    win_in_epoch(monkeypatch, 1)
    tune = method_runner.tune_backbone

    def stop(table, *told, **more):
        tuned = tune(table, *told, **more)
        is_second = not table.splits["validation"].photos
        return replace(tuned, result=replace(tuned.result, is_stopped=True)) if is_second else tuned

    monkeypatch.setattr(method_runner, "tune_backbone", stop)
    runner = resplit(runner, validation="train")
    trained, record = go_above(runner, monkeypatch)
    assert trained.settings.method == "finetune"
    assert trained.table.splits["validation"].photos
    assert record["why"].endswith("training finetune again on all training photos was stopped by Ctrl-C")
    assert not runner.checkpoints  # the same command goes on from where it was


def test_what_was_held_out_judges_where_there_are_no_test_photos(runner, monkeypatch):
    win_in_epoch(monkeypatch, 1)
    trained, record = go_above(resplit(runner, validation="train", test="train"), monkeypatch)
    assert "again" not in record["why"]
    assert trained.table.splits["validation"].photos


def test_training_again_that_fails_is_told(runner, monkeypatch):
    win_in_epoch(monkeypatch, 1)
    runner = resplit(runner, validation="train")

    def fail(*_, **__):
        raise CacheError("Cannot keep activations: no room.")

    monkeypatch.setattr(MethodRunner, "run_again", fail)
    trained, record = go_above(runner, monkeypatch)
    assert trained.table.splits["validation"].photos
    assert record["why"].endswith(
        "training finetune again on all training photos failed: Cannot keep activations: no room"
    )


def test_what_no_epoch_bettered_is_not_kept(runner, monkeypatch):
    win_in_epoch(monkeypatch, 0)
    trained, record = go_above(runner, monkeypatch)
    assert trained.settings.method == "fixed"
    assert record["why"] == "no epoch of hybrid was better on the validation photos than its start"
    assert record["tried"][-1]["gain"] is None


def test_what_is_trained_again_is_what_the_method_gives_on_all(runner, monkeypatch):
    win_in_epoch(monkeypatch, 2)
    tune, tuned = method_runner.tune_backbone, []

    def note(*told, **more):
        tuned.append(tune(*told, **more))
        return tuned[-1]

    monkeypatch.setattr(method_runner, "tune_backbone", note)
    trained, _ = go_above(resplit(runner, validation="train"), monkeypatch)
    assert (trained.fitted.head.weights == tuned[-1].fitted.head.weights).all()
    assert trained.tuning_result.factor == describe_training(trained)["tuning"]["factor"] == 1.0
    assert tuned[-1].hyperparameters == tuned[-2].hyperparameters  # the number of photos changes nothing


@pytest.mark.parametrize(
    ("is_similar", "needed"), [(True, {"hybrid": 2.0, "finetune": 2.0}), (False, {"hybrid": -1.0, "finetune": 1.0})]
)
def test_where_photos_are_dissimilar_hybrid_need_only_be_no_worse_by_more_than_noise(
    runner, monkeypatch, is_similar, needed
):
    monkeypatch.setattr(auto._MethodChoice, "_compare", lambda *_: Similarity(0.9 if is_similar else 0.2, 0.02, 30))
    monkeypatch.setattr(auto, "FEW_OF_SIMILAR", -1.0)
    win_in_epoch(monkeypatch, 1)
    asked = []
    monkeypatch.setattr(auto, "compare_losses", lambda *told: asked.append(told[2]) or (0.1, 0.0))
    _, record = go_above(runner, monkeypatch)
    methods = [trial["method"] for trial in record["tried"] if trial["judged_by"] == "validation"][1:]
    assert dict(zip(methods, asked[-2:], strict=True)) == needed


@pytest.mark.parametrize(
    ("is_similar", "is_symmetric", "n_fixed", "n_views"),
    [
        (False, True, 1, 4), (False, True, 2, 4), (False, False, 2, 2), (False, False, 1, None), (True, True, 1, None),
        (True, True, 2, 2),
    ],
)  # fmt: skip
def test_dissimilar_symmetric_photos_are_trained_on_in_four_views(runner, is_similar, is_symmetric, n_fixed, n_views):
    choice = auto._MethodChoice(runner, SETTINGS, print)
    choice._is_symmetric = is_symmetric
    fixed = SimpleNamespace(
        settings=SimpleNamespace(average_views=n_fixed > 1), table=SimpleNamespace(n_averaged=n_fixed)
    )  # fmt: skip
    settings = choice._choose_above(fixed, Similarity(0.9 if is_similar else 0.2, 0.02, 30))
    assert (settings.n_views, settings.average_views, settings.train_norms) == (
        n_views,
        n_views is not None,
        not is_similar,
    )


def test_photos_are_counted_where_they_were_extracted(catalog, runner, monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    win_in_epoch(monkeypatch, 1)
    trained, _ = go_above(runner, monkeypatch)
    assert trained.settings.method == "finetune"
    assert (trained.table.n_extracted, trained.table.n_cached) == (len(catalog.photos), 0)


def test_epochs_are_those_above_the_cut(runner, monkeypatch):
    win_in_epoch(monkeypatch, 0)
    trained, _ = go_above(runner, monkeypatch, epochs=1)
    assert trained.settings.method == "fixed"
    assert not [note for note in describe_training(trained)["notes"] if "epochs was not used" in note]
