"""A training with features from a cluster gives the metrics of a training on one machine."""

import pytest

from headstart.features.stored_features import clear_stored_features, measure_stored_features
from headstart.training.train import train_classifier

pytest.importorskip("ray")
METRICS = ("train", "validation", "test", "strength", "skipped", "notes", "classes")


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"average_views": True, "n_views": 2}, {"features": "all"}])
def test_metrics_are_those_of_a_training_without_ray(own_ray, make_folder, tmp_path, options):
    folder = make_folder(n=20)
    (folder / "dots" / "text.jpg").write_bytes(b"text")
    (folder / "dots" / "cut.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes()[:700])
    # a cluster reads the photos, and this process does not: it searches for no near copies
    options |= {"near_copies": "ignore"}
    options |= {"method": "fixed", "image_size": 96, "precision": "f32", "verbose": False}
    here = train_classifier(folder, out=tmp_path / "here", cache=False, **options).metrics
    there = train_classifier(folder, out=tmp_path / "there", ray="local", **options).metrics
    assert {name: there[name] for name in METRICS} == {name: here[name] for name in METRICS}
    assert measure_stored_features() > 0


@pytest.mark.slow
def test_without_the_cache_no_features_are_left(own_ray, make_folder, tmp_path):
    clear_stored_features()
    options = {"method": "fixed", "image_size": 96, "precision": "f32", "verbose": False, "n_views": 2}
    train_classifier(make_folder(n=8), out=tmp_path / "run", ray="local", cache=False, **options)
    assert measure_stored_features() == 0
