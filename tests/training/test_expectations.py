"""The expected accuracy and duration of methods."""

from pathlib import Path

import pytest

from headstart.catalog.scan import scan_photos
from headstart.features.similarity import Similarity
from headstart.methods.settings import Settings
from headstart.training.expectations import FEW_OF_SIMILAR, estimate_seconds, expect_accuracy

FACTS = {"fixed": 0.8, "n_judged": 500, "guess": 0.5, "n_per_class": 200}
LIKE, UNLIKE = Similarity(0.9, 0.02, 100), Similarity(0.2, 0.4, 100)


@pytest.mark.parametrize("method", ["fixed", "hybrid", "finetune", "scratch"])
@pytest.mark.parametrize("similarity", [LIKE, UNLIKE])
def test_the_interval_contains_the_expected_accuracy(method, similarity):
    accuracy, (low, high) = expect_accuracy(method, similarity=similarity, **FACTS)
    assert 0 <= low <= accuracy <= high <= 1


def test_a_larger_gain_is_expected_on_dissimilar_photos():
    fixed, like, unlike = (
        expect_accuracy(method, similarity=similarity, **FACTS)[0]
        for method, similarity in (("fixed", LIKE), ("hybrid", LIKE), ("hybrid", UNLIKE))
    )
    assert fixed < like < unlike


def test_finetune_is_expected_to_gain_less_on_few_photos():
    for n_per_class, is_same in ((200, False), (20_000, True)):
        facts = FACTS | {"n_per_class": n_per_class}
        hybrid, finetune = (expect_accuracy(name, similarity=UNLIKE, **facts)[0] for name in ("hybrid", "finetune"))
        assert finetune > 0.8
        assert (finetune == hybrid) == is_same
        assert finetune <= hybrid


def test_no_gain_is_expected_on_similar_photos_with_few_errors():
    for error, is_gain in ((FEW_OF_SIMILAR - 0.01, False), (FEW_OF_SIMILAR + 0.01, True)):
        facts = FACTS | {"fixed": 1 - error}
        fixed, hybrid = (expect_accuracy(method, similarity=LIKE, **facts)[0] for method in ("fixed", "hybrid"))
        assert (hybrid > fixed + 0.01) == is_gain
        assert is_gain or hybrid == pytest.approx(fixed)


def test_more_epochs_take_longer_with_torch_or_without(make_folder, make_runner, monkeypatch):
    monkeypatch.setattr("headstart.training.expectations.can_tune", lambda: False)
    monkeypatch.setattr("headstart.training.expectations.measure_inference_rate", lambda *_: 100.0)
    runner = make_runner(scan_photos(make_folder(n=4)))
    few, many = (estimate_seconds(runner, Settings(method="hybrid", epochs=n), 1000) for n in (5, 50))
    n_seen = 1000 + len(runner.catalog.select("validation")) / 3
    assert many - few == pytest.approx(45 * n_seen * 1.2 / 100)


def test_without_torch_a_training_step_is_compared_with_inference_in_float32(make_folder, make_runner, monkeypatch):
    monkeypatch.setattr("headstart.training.expectations.can_tune", lambda: False)
    rates = {"auto": 400.0, "f32": 100.0}  # bf16 makes inference faster, not training
    monkeypatch.setattr("headstart.training.expectations.measure_inference_rate", lambda setup: rates[setup.precision])
    runner = make_runner(scan_photos(make_folder(n=4)))
    few, many = (estimate_seconds(runner, Settings(method="hybrid", epochs=n), 1000) for n in (5, 50))
    n_seen = 1000 + len(runner.catalog.select("validation")) / 3
    assert many - few == pytest.approx(45 * n_seen * 1.2 / 100)


def test_scratch_needs_many_photos():
    few, many = (expect_accuracy("scratch", similarity=LIKE, **FACTS | {"n_per_class": n})[0] for n in (50, 50_000))
    assert 0.5 < few < 0.6 < many < 0.8
    unlike = expect_accuracy("scratch", similarity=UNLIKE, **FACTS | {"n_per_class": 50})[0]
    assert few < unlike < many  # frozen features are worth less there


@pytest.mark.parametrize("has_torch", [True, False])
def test_methods_that_train_more_take_longer(make_folder, make_runner, monkeypatch, has_torch):
    monkeypatch.setattr("headstart.training.expectations.can_tune", lambda: has_torch)
    # real ones depend on what else this machine does; tests beside what measures them look at those
    monkeypatch.setattr("headstart.training.expectations.measure_inference_rate", lambda *_: 100.0)
    rates = {"pixels": 20.0}
    monkeypatch.setattr("headstart.tune.throughput.measure_training_rate", lambda _, cut, *__: rates.get(cut, 80.0))
    runner = make_runner(scan_photos(make_folder(n=4)))
    seconds = [estimate_seconds(runner, Settings(method=method), 1000) for method in ("fixed", "hybrid", "finetune")]
    assert seconds == sorted(seconds)
    assert isinstance(runner.catalog.photos[0].path, Path)
