"""Evaluation: only unseen photos, and by the names of the classes."""

import pytest

import headstart as hs
from headstart.errors import CatalogError


@pytest.fixture
def run(make_folder, tmp_path):
    return hs.train(
        make_folder(labels=("dots", "rings", "stripes")), out=tmp_path / "run", image_size=96, verbose=False
    )


def test_the_folder_it_was_trained_on_gives_the_run_s_test_figures(run, tmp_path):
    metrics = hs.evaluate(run.model, tmp_path / "photos", verbose=False)
    assert metrics["split"] == "test"
    assert metrics["n_seen"] == 0
    for name in ("n", "accuracy", "confusion_matrix", "per_class"):
        assert metrics[name] == run.metrics["test"][name]


def test_training_photos_are_left_out_wherever_they_lie(run, make_folder):
    copies = make_folder("elsewhere", labels=("dots", "rings", "stripes"), n=24)
    metrics = hs.evaluate(run.model, copies, split="all", verbose=False)
    n_train = run.metrics["train"]["n"]
    assert metrics["n_seen"] == n_train
    assert metrics["n"] == 72 - n_train
    with pytest.raises(CatalogError, match=f"of {n_train} photos .*, {n_train} were trained on"):
        hs.evaluate(run.model, hs.scan(run.folder / "catalog.csv"), split="train", verbose=False)


def test_classes_are_matched_by_name_and_unknown_ones_left_out(run, make_folder):
    folder = make_folder("new", labels=("rings", "stripes"), n=30)
    (folder / "rings").rename(folder / "zebras")
    metrics = hs.evaluate(run.model, folder, split="all", verbose=False)
    assert metrics["unknown_labels"] == {"zebras": metrics["unknown_labels"]["zebras"]}
    assert metrics["per_class"]["stripes"]["recall"] > 0.8
    assert metrics["per_class"]["dots"]["support"] == 0


def test_an_unknown_split_is_refused(run, tmp_path):
    with pytest.raises(CatalogError, match="need one of auto, train"):
        hs.evaluate(run.model, tmp_path / "photos", split="holdout")
