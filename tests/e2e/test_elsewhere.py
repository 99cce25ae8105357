"""Photos of several cameras, which matter much: the report tells the accuracy on a camera never seen."""

import sys
from pathlib import Path

import numpy as np
import pytest

import headstart as hs

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
N_CAMERAS, N_FRESH, N_PHOTOS = 8, 6, 20


@pytest.fixture(scope="module")
def write_photos():
    """The painter of the benchmark."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from cameras import write_photos
    finally:
        sys.path.remove(str(BENCHMARKS))
    return write_photos


def test_a_strong_effect_of_the_camera_is_told_from_photos_to_report(write_photos, tmp_path):
    photos = write_photos(tmp_path / "photos", range(N_CAMERAS), N_PHOTOS)
    run = hs.train(  # stripes look like near copies of each other
        photos,
        out=tmp_path / "run",
        method="fixed",
        image_size=96,
        group_from="camera",
        near_copies="ignore",
        verbose=False,
    )
    record = run.metrics["elsewhere"]
    assert (record["group_kind"], record["n_groups"], record["n_seen"]) == ("camera", N_CAMERAS, 0)
    assert record["same"]["accuracy"] > record["new"]["accuracy"] + 0.05
    assert record["same"]["n"] == record["new"]["n"] == N_CAMERAS * N_PHOTOS
    page = run.report.read_text(encoding="utf-8")
    assert f"The photos come from {N_CAMERAS} cameras." in page
    assert "Camera 03" in page

    fresh = write_photos(tmp_path / "fresh", range(50, 50 + N_FRESH), N_PHOTOS)
    paths = sorted(fresh.rglob("*.jpg"))
    answers = hs.load(run.folder / "model.onnx").predict(paths)
    accuracy = np.mean([answer.label == path.parent.name for answer, path in zip(answers, paths, strict=True)])
    low, high = record["new"]["accuracy_ci95"]
    assert low <= accuracy <= high
