"""Repeats on other splits: each equals a training with its seed, and Ctrl-C keeps those that are finished."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import headstart as hs
from headstart.catalog.photo import Photo
from headstart.errors import FitError
from headstart.evaluation.intervals import wilson_interval
from headstart.head.linear import LinearHead
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.settings import Settings
from headstart.training import repeats
from headstart.training.repeats import estimate_repeat, repeat_training

OPTIONS = {"image_size": 96, "verbose": False, "method": "fixed"}


@pytest.fixture
def trained(make_folder, make_runner):
    runner = make_runner(hs.scan(make_folder(n=15)))
    return runner, runner.run(Settings(method="fixed", image_size=96))


def test_each_repeat_equals_a_training_with_its_seed(make_folder, tmp_path):
    folder, said = make_folder(labels=("dots", "rings"), n=20), []
    run = hs.train(folder, out=tmp_path / "run", repeats=3, say=said.append, **OPTIONS)
    record = run.metrics["repeats"]
    assert (record["n"], record["n_asked"], record["seeds"]) == (3, 3, [0, 1, 2])
    assert record["accuracies"][0] == run.metrics["test"]["accuracy"]
    other = hs.train(folder, out=tmp_path / "other", seed=2, **OPTIONS)
    assert record["accuracies"][2] == other.metrics["test"]["accuracy"]
    assert record["balanced_accuracies"][2] == other.metrics["test"]["balanced_accuracy"]
    assert (record["n_train"], record["n_test"]) == (34, 6)  # with the validation photos
    assert 6 < record["n_photos"] <= 18
    low, high = record["mean_ci95"]
    assert low <= record["mean"] == np.mean(record["accuracies"]) <= high
    assert any(text.startswith("Over 3 splits of the same photos") for text in said)
    assert run.metrics["seconds"]["repeat"] >= 0


def test_no_head_of_a_repeat_has_seen_its_test_photos(trained, monkeypatch):
    runner, first = trained
    judged = []
    monkeypatch.setattr(repeats.RepeatResults, "add", lambda _, again: judged.append(again))
    repeat_training(runner, first.fit_again(), 3, seconds=0.0, say=lambda _: None)
    for again in judged[1:]:
        settings = again.settings
        fresh = replace(runner, catalog=again.table.catalog).run(settings).fit_again()
        assert fresh.final is not None
        np.testing.assert_array_equal(again.choose_head("test").weights, fresh.choose_head("test").weights)
        np.testing.assert_array_equal(again.final.head.weights, fresh.final.head.weights)
        assert {photo.digest for photo in again.table.splits["test"].photos}.isdisjoint(
            photo.digest for split in again.fitted_on for photo in again.table.splits[split].photos
        )


def test_without_repeats_there_is_no_record(make_folder, tmp_path):
    assert hs.train(make_folder(n=6), out=tmp_path / "run", **OPTIONS).metrics["repeats"] is None


def test_repeats_change_no_number_of_the_run(make_folder, tmp_path):
    folder = make_folder(n=10)
    runs = [hs.train(folder, out=tmp_path / f"run-{n}", repeats=n, **OPTIONS) for n in (1, 3)]
    assert runs[0].metrics["test"] == runs[1].metrics["test"]
    assert (runs[0].folder / "model.onnx").read_bytes() == (runs[1].folder / "model.onnx").read_bytes()


def test_near_copies_stay_together_in_every_split(trained, monkeypatch):
    runner, first = trained
    table = first.table
    photos = tuple(
        Photo(photo.file, photo.label, digest=photo.digest, split=photo.split, is_drawn=True, near_copies=f"{n // 2}")
        for n, photo in enumerate(table.catalog.photos)
    )
    first = replace(first, table=replace(table, catalog=replace(table.catalog, photos=photos)))
    catalogs = []
    train_again = repeats._train_again

    def note_catalog(runner, trained, catalog, seed):
        catalogs.append(catalog)
        return train_again(runner, trained, catalog, seed)

    monkeypatch.setattr(repeats, "_train_again", note_catalog)
    repeat_training(runner, first, 4, seconds=0.0, say=lambda _: None)
    assert len({catalog.select("test") for catalog in catalogs}) == 3
    for catalog in catalogs:
        splits = {}
        for photo in catalog.photos:
            splits.setdefault(photo.near_copies, set()).add(photo.split)
        assert all(len(together) == 1 for together in splits.values())


def repeat_by_hand(groups, n_repeats=4):
    """Return the record of splits whose heads answer the same groups wrong."""
    results = repeats.RepeatResults()
    for number in range(n_repeats):
        photos = tuple(
            Photo(f"{n}.jpg", "ab"[n % 2], digest=f"{n:064x}", split="test", group=groups[n])
            for n in range(60 * number, 60 * number + 120)
        )
        y = np.arange(120) % 2
        X = np.where((np.arange(60 * number, 60 * number + 120) // 30) % 4 == 0, 1 - y, y)[:, None].astype(np.float32)
        splits = {split: SplitFeatures((), X[:0], y[:0], X[None, :0]) for split in ("train", "validation")}
        splits["train"] = splits["test"] = SplitFeatures(photos, X, y, X[None])
        table = SimpleNamespace(splits=splits, catalog=SimpleNamespace(seed=number, labels=("a", "b")))
        head = LinearHead(np.array([[-1, 1]], np.float32), np.array([0.5, -0.5], np.float32))
        results.add(SimpleNamespace(table=table, choose_head=lambda _, head=head: head, fitted_on=("train",)))
    return results.to_dict(n_repeats)


def test_the_interval_of_repeats_knows_groups():
    alone = repeat_by_hand([None] * 300)
    grouped = repeat_by_hand([str(n // 30) for n in range(300)])
    assert alone["mean"] == grouped["mean"] == 0.75
    assert alone["n_photos"] == grouped["n_photos"] == 300
    assert alone["mean_ci95"] == pytest.approx(list(wilson_interval(225, 300)))
    low, high = grouped["mean_ci95"]
    assert high - low > 3 * (alone["mean_ci95"][1] - alone["mean_ci95"][0])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyboardInterrupt(), "Stopped: 2 of 5 repeats are finished and kept."),
        (
            FitError("Cannot keep 3 GB of activations."),
            "The repeats ended early, and the finished ones are kept: Cannot",
        ),
    ],
)
def test_what_is_finished_is_kept(trained, monkeypatch, error, message):
    runner, first = trained
    train_again, said = repeats._train_again, []

    def stop_at_third(runner, trained, catalog, seed):
        if seed == 2:
            raise error
        return train_again(runner, trained, catalog, seed)

    monkeypatch.setattr(repeats, "_train_again", stop_at_third)
    record = repeat_training(runner, first, 5, seconds=0.0, say=said.append)
    assert (record["n"], record["n_asked"]) == (2, 5)
    assert said[-1].startswith(message)


def test_one_finished_repeat_gives_no_record(trained, monkeypatch):
    runner, first = trained
    monkeypatch.setattr(repeats, "_train_again", _raise(KeyboardInterrupt()))
    assert repeat_training(runner, first, 5, seconds=0.0, say=lambda _: None) is None


def test_a_training_that_was_stopped_is_not_repeated(trained, monkeypatch):
    runner, first = trained
    said = []
    monkeypatch.setattr(repeats, "_train_again", _raise(AssertionError("it was repeated")))
    stopped = replace(first, tuned=SimpleNamespace(result=SimpleNamespace(is_stopped=True)))
    assert repeat_training(runner, stopped, 5, seconds=60.0, say=said.append) is None
    assert said == ["The training was stopped, so it is not repeated on other splits."]


def test_other_errors_are_not_hidden(trained, monkeypatch):
    runner, first = trained
    monkeypatch.setattr(repeats, "_train_again", _raise(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        repeat_training(runner, first, 2, seconds=0.0, say=lambda _: None)


def test_long_repeats_are_announced_with_their_time(trained):
    runner, first = trained
    said = []
    repeat_training(runner, first, 3, seconds=180.0, say=said.append)
    assert said == [
        "The run is trained. 2 more trainings on other splits follow: about 3 min each, 6 min in all. Ctrl-C keeps the "
        "finished ones."
    ]


def test_only_steps_that_are_repeated_are_in_the_estimate(trained):
    _, first = trained
    seconds = {"scan": 50.0, "extract": 9.0, "fit": 2.0}
    assert estimate_repeat(first, None, seconds) == 2.0
    random_views = replace(first, table=replace(first.table, n_averaged=2))
    assert estimate_repeat(random_views, None, seconds) == 11.0
    tuned = replace(first, tuned=object(), settings=replace(first.settings, method="hybrid"))
    assert estimate_repeat(tuned, None, seconds) == 11.0
    tried = [{"method": "fixed", "seconds": 99.0}, {"method": "hybrid", "seconds": 30.0}]
    assert estimate_repeat(tuned, {"tried": tried}, seconds) == 30.0


@pytest.mark.slow
def test_training_above_a_cut_is_repeated_too(make_folder, tmp_path):
    pytest.importorskip("torch")
    said = []
    options = {"image_size": 96, "method": "hybrid", "cut": "block_15", "epochs": 1, "verbose": False}
    run = hs.train(make_folder(n=12), out=tmp_path / "run", repeats=2, say=said.append, **options)
    other = hs.train(tmp_path / "photos", out=tmp_path / "other", seed=1, **options)
    assert run.metrics["repeats"]["accuracies"][1] == other.metrics["test"]["accuracy"]
    assert any(text.startswith("The run is trained. 1 more training on another split follows") for text in said)
    assert "Repeat 2 of 2." in said


def _raise(error):
    def fail(*_):
        raise error

    return fail
