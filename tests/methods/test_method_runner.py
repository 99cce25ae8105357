"""Methods on painted photos: features, averaging over views, and training again."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.catalog.scan import scan_photos
from headstart.classifier.classifier import Classifier
from headstart.methods import feature_table, fixed_choice, method_runner
from headstart.methods.settings import Settings
from headstart.methods.tail_tuning import choose_hyperparameters, tune_backbone
from headstart.storage import large_arrays

PLAIN = Settings(method="fixed", image_size=96, precision="f32")


@pytest.fixture(scope="module")
def runner(paint_folder, tmp_path_factory, make_runner):
    folder = paint_folder(tmp_path_factory.mktemp("making") / "photos", ("dots", "rings", "stripes"), 12)
    return make_runner(scan_photos(folder), precision="f32", cache=True)


@pytest.mark.parametrize("features", ["last", "all"])
@pytest.mark.parametrize("n_views", [1, 2, 8])
def test_the_classifier_file_gives_the_probabilities_of_the_metrics(runner, features, n_views):
    settings = replace(PLAIN, features=features)
    if n_views > 1:
        settings = replace(settings, n_views=n_views, average_views=True)
    trained = runner.run(settings)
    classifier = Classifier.from_bytes(trained.build_file().data, precision="f32")
    rows = trained.table.splits["test"]
    assert rows.X.shape[1] == (1976 if features == "all" else 1280)
    assert len(trained.table.splits["train"].views) == n_views
    judged = trained.fitted.head.probabilities(rows.X)
    found = classifier.predict_probabilities([photo.path for photo in rows.photos])
    np.testing.assert_allclose(found, judged, atol=1e-5)
    assert classifier.metadata.n_averaged == n_views


@pytest.mark.parametrize("options", [{}, {"n_views": 3}, {"strength": 1.0, "n_views": 2, "average_views": True}])
def test_renamed_files_change_no_digit_of_the_head(runner, make_runner, tmp_path, options):
    folder = Path(runner.catalog.source)
    for n, path in enumerate(sorted(folder.rglob("*.jpg"))):
        target = tmp_path / path.parent.name / f"{n * 7919 % 101}.jpg"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    settings = replace(PLAIN, **options)
    heads = [
        each.run(settings).fitted for each in (runner, make_runner(scan_photos(tmp_path), precision="f32", cache=True))
    ]
    assert heads[0].strength == heads[1].strength
    assert heads[0].choice == heads[1].choice
    assert heads[0].head.weights.tobytes() == heads[1].head.weights.tobytes()
    assert heads[0].head.bias.tobytes() == heads[1].head.bias.tobytes()


def test_the_time_of_the_first_head_is_not_that_of_a_second_extraction(runner, monkeypatch):
    steps = []
    monkeypatch.setattr(method_runner, "choose_extracted", lambda *_: "last")  # as in int8
    monkeypatch.setattr(fixed_choice, "FEW_ERRORS", -1.0)
    trained = replace(runner, note_time=steps.append).run(PLAIN)
    assert [one["features"] for one in trained.candidates] == ["last", "wide"]
    assert steps == ["extract", "fit", "extract", "fit"]


def test_features_that_are_cut_out_of_a_large_array_have_the_order_of_those_extracted_alone(runner, monkeypatch):
    for module in (large_arrays, feature_table):
        monkeypatch.setattr(module, "LARGE_BYTES", 300_000)  # between the last features and the wide ones of 36 photos
    wide, last = (runner.run(replace(PLAIN, features=features, head="logistic")) for features in ("wide", "last"))
    assert isinstance(wide.table.splits["train"].X, np.memmap)
    narrowed = wide.table.narrow(1280)
    for split, rows in last.table.splits.items():
        assert list(narrowed.splits[split].photos) == sorted(rows.photos, key=lambda photo: photo.digest)
        np.testing.assert_array_equal(narrowed.splits[split].X, rows.X)
    assert runner.run(PLAIN).fitted.head.weights.tobytes() == last.fitted.head.weights.tobytes()


def test_the_order_of_rows_and_the_names_of_groups_change_no_digit_of_the_head(runner, make_runner, tmp_path):
    heads = []
    for step, names in ((1, "abc"), (-1, "cab")):
        lines = [f"{photo.file},{photo.label},{names[0]}{photo.digest[0]}" for photo in runner.catalog.photos[::step]]
        (tmp_path / f"{names}.csv").write_text("\n".join(["path,label,group", *lines]))
        catalog = scan_photos(tmp_path / f"{names}.csv")
        heads.append(make_runner(catalog, precision="f32", cache=True).run(PLAIN).fitted)
    assert heads[0].choice == heads[1].choice
    assert heads[0].head.weights.tobytes() == heads[1].head.weights.tobytes()


def test_a_renamed_class_keeps_the_folds(runner, make_runner, tmp_path):
    lines = [f"{photo.file},{photo.label.replace('dots', 'zigzag')},{photo.split}" for photo in runner.catalog.photos]
    (tmp_path / "renamed.csv").write_text("\n".join(["path,label,split", *lines]))
    catalog = scan_photos(tmp_path / "renamed.csv")
    assert catalog.labels == ("rings", "stripes", "zigzag")
    heads = [each.run(PLAIN).fitted for each in (runner, make_runner(catalog, precision="f32", cache=True))]
    tables = [head.choice.table for head in heads]
    assert [row.accuracy for row in tables[0]] == [row.accuracy for row in tables[1]]
    # of the first rows: the solver stops early, and the others begin where it stopped
    assert tables[0][0].loss == pytest.approx(tables[1][0].loss, rel=5e-4)


def test_random_views_are_made_of_training_photos_only(runner):
    trained = runner.run(replace(PLAIN, n_views=3))
    assert len(trained.table.splits["train"].views) == 3
    assert len(trained.table.splits["test"].views) == 1
    assert trained.table.n_averaged == 1


def test_hybrid_gives_the_head_of_fixed_if_no_epoch_is_better(runner):
    settings = replace(PLAIN, method="hybrid", cut="block_15", epochs=1)
    hyperparameters = replace(choose_hyperparameters("hybrid", settings, 24), n_errors=1e9)
    plain, tuned = runner._tune(settings, hyperparameters)
    assert tuned.result.best_epoch == 0
    trained, fixed = runner._extract_tuned(settings, plain, tuned), runner.run(PLAIN)
    assert (trained.fitted.head.weights == fixed.fitted.head.weights).all()
    rows, same = trained.table.splits["test"], fixed.table.splits["test"]
    np.testing.assert_allclose(
        trained.fitted.head.probabilities(rows.X), fixed.fitted.head.probabilities(same.X), atol=1e-5
    )
    np.testing.assert_array_equal(trained.build_file().weights, fixed.fitted.head.weights)


@pytest.mark.slow
@pytest.mark.parametrize("is_averaged", [True, False])
def test_training_again_averages_over_views_only_if_told(runner, is_averaged):
    settings = replace(PLAIN, method="hybrid", cut="block_15", epochs=1, average_views=True, n_views=2)
    hyperparameters = choose_hyperparameters("hybrid", settings, 24)
    trained = runner.run_again(settings, hyperparameters, is_averaged=is_averaged)
    assert trained.table.n_averaged == (2 if is_averaged else 1)
    n_views = {split: len(some.views) for split, some in trained.table.splits.items()}
    assert n_views == {"train": 1, "validation": 2 if is_averaged else 1, "test": 2 if is_averaged else 1}
    assert trained.settings.average_views == is_averaged
    assert (trained.tuned.n_views, trained.tuned.n_symmetric) == (2, 2)
    assert trained.tuned.hyperparameters == hyperparameters


def test_training_again_that_the_user_stops_is_an_interruption(runner, monkeypatch):
    settings = replace(PLAIN, method="hybrid", cut="block_15", epochs=1)

    def stop(*told, **more):
        tuned = tune_backbone(*told, **more)
        return replace(tuned, result=replace(tuned.result, is_stopped=True))

    monkeypatch.setattr(method_runner, "tune_backbone", stop)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        runner.run_again(settings, choose_hyperparameters("hybrid", settings, 24), is_averaged=False)
