"""Real photos are added to a run and forgotten: the classifier file has the bytes of a training from scratch."""

import json
import shutil
from pathlib import Path

import pytest

import headstart as hs
from headstart.runs.run_tables import read_run_photos

N = 100
SETTINGS = {"method": "fixed", "features": "last", "head": "logistic", "verbose": False}


@pytest.mark.slow
def test_a_hundred_photos_added_and_forgotten_give_the_bytes_of_a_training_from_scratch(
    real_photos, tmp_path, monkeypatch
):
    base, more = tmp_path / "base", tmp_path / "more"
    for split, n_photos in (("training_set", 300), ("test_set", 100)):
        for label in ("cats", "dogs"):
            files = sorted((real_photos / "cats-dogs" / split / label).iterdir())[:n_photos]
            for number, file in enumerate(files):
                folder = more / label if split == "training_set" and number < N // 2 else base / split / label
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, folder)
    run = hs.train(base, out=tmp_path / "run", **SETTINGS)
    gone = [row.file for row in read_run_photos(run.folder) if row.split == "train"][:N]
    (tmp_path / "gone.txt").write_text("\n".join(gone))
    grown = hs.train(run, add=more, forget=tmp_path / "gone.txt", out=tmp_path / "grown", verbose=False)
    assert (grown.metrics["n_extracted"], grown.metrics["n_cached"]) == (N, 700 - N)
    assert grown.metrics["growth"]["comparison"]["n"] == 200
    assert grown.metrics["test"]["photos_digest"] == run.metrics["test"]["photos_digest"]
    folder = Path(json.loads((grown.folder / "run.json").read_text())["photos"]["folder"])
    for row in read_run_photos(grown.folder):
        place = tmp_path / "merged" / row.split / row.label / Path(row.file).name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / row.file, place)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "empty"))
    data = (grown.folder / "model.onnx").read_bytes()
    for source, name in ((grown.folder / "catalog.csv", "from the table"), (tmp_path / "merged", "from a folder")):
        again = hs.train(source, out=tmp_path / name, **SETTINGS)
        assert (again.folder / "model.onnx").read_bytes() == data, name
