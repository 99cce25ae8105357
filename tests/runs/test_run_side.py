"""A run is the same side of a comparison on disk and in memory."""

import numpy as np
import pytest

import headstart as hs
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.classifier.decision import Decision
from headstart.methods.feature_table import SplitFeatures
from headstart.methods.split_metrics import SplitPredictions
from headstart.runs.run_side import make_side, read_side


@pytest.mark.parametrize("decision", [None, Decision(label="cats", threshold=0.1, find=0.9)])
def test_answers_in_memory_follow_the_working_point(decision):
    photos = tuple(Photo(f"{n}.jpg", "dogs", digest=f"0{n % 2}", split="test") for n in range(3))
    X = np.zeros((2, 1), np.float32)
    part = SplitFeatures(photos[:2], X, np.array([1, 1]), X[None])
    predictions = {"test": SplitPredictions(part, np.array([[0.2, 0.8], [0.05, 0.95]], np.float32))}
    side = make_side(Catalog(photos), predictions, ("cats", "dogs"), decision, {"classes": ["cats", "dogs"]})
    assert [side.answers[digest].label for digest in ("00", "01")] == ["cats" if decision else "dogs", "dogs"]
    assert side.photos["00"] is photos[0]
    assert side.counts == {"00": 2, "01": 1}


def test_a_run_is_read_by_the_digests_of_its_photos(make_folder, tmp_path):
    run = hs.train(make_folder(n=10), out=tmp_path / "run", method="fixed", image_size=96, verbose=False)
    side = read_side(run)
    assert side.photos.keys() == side.answers.keys()
    assert side.counts.total() == 20
    assert (side.folder, side.record["schema"]) == (run.folder, 1)
    assert side.machine["arithmetic"] == run.metrics["precision"]
