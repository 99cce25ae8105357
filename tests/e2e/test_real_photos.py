"""The whole of it on real photos, where there are any: dogs and cats at the tutorial's 160 pixels."""

import json

import numpy as np
import onnxruntime
import pytest

import headstart as hs
from headstart.pixels.decode import read_photo

pytestmark = pytest.mark.slow  # they train on thousands of photos


@pytest.fixture(scope="module")
def run(real_photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("real") / "run"
    return hs.train(real_photos / "cats-dogs", out=out, image_size=160, verbose=False)


def test_accuracy_is_what_was_promised(run):
    assert run.metrics["test"]["n"] == 1000
    assert run.metrics["test"]["accuracy"] >= 0.970


def test_plain_onnx_runtime_gives_the_same_answers(run, real_photos):
    paths = sorted((real_photos / "cats-dogs" / "test_set").rglob("*.jpg"))
    ours = hs.load(run.folder, precision="f32").predict_probabilities(paths)
    session = onnxruntime.InferenceSession(str(run.folder / "model.onnx"))
    size = run.metrics["image_size"]
    theirs = np.concatenate(
        [
            session.run(None, {"pixels": np.stack([read_photo(path, size) for path in paths[i : i + 50]])})[0]
            for i in range(0, len(paths), 50)
        ]
    )
    assert len(paths) == 1000
    assert np.abs(ours - theirs).max() < 1e-3
    assert (ours.argmax(1) == theirs.argmax(1)).all()


def test_int8_is_as_good_and_plain_onnx_runtime_nearly_agrees(run, real_photos, tmp_path):
    light = hs.train(real_photos / "cats-dogs", out=tmp_path / "int8", image_size=160, precision="int8", verbose=False)
    assert light.metrics["precision"] == "int8"
    assert light.metrics["test"]["accuracy"] >= run.metrics["test"]["accuracy"] - 0.01
    paths = sorted((real_photos / "cats-dogs" / "test_set").rglob("*.jpg"))[::5]
    session = onnxruntime.InferenceSession(str(light.folder / "model.onnx"))
    theirs = session.run(None, {"pixels": np.stack([read_photo(path, 160) for path in paths])})[0]
    ours = light.model.predict_probabilities(paths)
    assert (ours.argmax(1) == theirs.argmax(1)).mean() >= 0.98
    assert np.abs(ours - theirs).mean() < 0.02


def test_the_tutorial_s_recipe_learns_as_the_tutorial_says(run, real_photos, tmp_path):
    # the features are in the cache by now
    recipe = hs.train(
        real_photos / "cats-dogs", out=tmp_path / "recipe", image_size=160, head="adam", epochs=10, verbose=False
    )
    assert recipe.metrics["n_extracted"] == 0
    for data in ("Training", "Validation"):
        curve = recipe.history[recipe.history["Data"] == data]
        assert len(curve) == 10
        assert curve["Accuracy"].iloc[-1] > max(0.94, curve["Accuracy"].iloc[0])
        assert curve["Loss"].iloc[-1] < 0.6 * curve["Loss"].iloc[0]


def test_predict_on_the_command_line(run, real_photos, headstart, tmp_path):
    photos = real_photos / "odd-files"
    answer = headstart("predict", run.folder, photos, "--json", "--grid", tmp_path / "grid.png")
    assert answer.returncode == 0, answer.stderr
    assert len(json.loads(answer.stdout)["predictions"]) == 7
    assert (tmp_path / "grid.png").stat().st_size > 10_000
