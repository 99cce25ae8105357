"""A classifier is measured on photos of nothing that it knows."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.errors import CatalogError, ClassifierError

LABELS = ("dots", "rings", "stripes")


@pytest.fixture(scope="module")
def run(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("strangers")
    return hs.train(paint_folder(base / "photos", labels=LABELS), out=base / "run", image_size=96, verbose=False)


@pytest.fixture(scope="module")
def strangers(tmp_path_factory):
    """Make ten photos in two folders: noise, and one colour."""
    folder = tmp_path_factory.mktemp("strange")
    rng = np.random.default_rng(0)
    for name in ("noise", "deep/plain"):
        (folder / name).mkdir(parents=True)
    for n in range(5):
        Image.fromarray(rng.integers(0, 256, (90, 90, 3), np.uint8)).save(folder / "noise" / f"{n}.png")
        Image.new("RGB", (90, 90), (50 * n, 20, 90)).save(folder / "deep" / "plain" / f"{n}.png")
    return folder


@pytest.fixture
def evaluate(run):
    return lambda **options: hs.evaluate(run.model, run.folder / "catalog.csv", verbose=False, **options)


def test_strangers_are_refused_and_the_accuracy_is_that_of_all_photos(evaluate, strangers, run):
    plain, metrics = evaluate(), evaluate(unknown=strangers)
    assert plain["unknown"] is None
    assert metrics["accuracy"] == plain["accuracy"] == run.metrics["test"]["accuracy"]
    unknown = metrics["unknown"]
    assert (unknown["n_strangers"], unknown["n_own"], unknown["n_left_out"]) == (10, metrics["n"], 0)
    assert unknown["auroc"] > 0.95
    assert [row["share"] for row in unknown["shares"]] == [0.05, 0.1]  # 50 photos support no 1%
    assert all(row["strangers_refused"] == 1 for row in unknown["shares"])
    assert (unknown["n_accepted"], unknown["nearest"], unknown["examples"]) == (0, [], [])
    json.dumps(metrics, allow_nan=False)


def test_without_refusal_all_strangers_are_accepted_as_their_nearest_classes(evaluate, strangers, run):
    metrics = evaluate(unknown=[strangers / "noise", strangers / "deep"], refuse=None)
    assert metrics["refusal"] is None
    unknown = metrics["unknown"]
    assert unknown["n_accepted"] == sum(row["n"] for row in unknown["nearest"]) == 10
    novelties = [photo["novelty"] for photo in unknown["examples"]]
    assert len(novelties) == 5
    assert novelties == sorted(novelties, reverse=True)
    for photo in unknown["examples"]:
        answer = run.model.predict(photo["path"])
        assert (answer.label, answer.novelty) == (photo["label"], photo["novelty"])


def test_the_share_is_that_of_the_classifier_unless_another_is_given(evaluate, run):
    assert evaluate()["refusal"]["share"] == 0.05
    assert evaluate(refuse=0.2)["refusal"]["share"] == 0.2
    model = hs.load(run, refuse=0.1)
    refusal = hs.evaluate(model, run.folder / "catalog.csv", verbose=False)["refusal"]
    assert (refusal["share"], refusal["n"]) == (0.1, run.metrics["test"]["n"])
    with pytest.raises(ClassifierError, match=r"Cannot refuse 0\.1% of the classifier's own photos"):
        evaluate(refuse=0.001)


def test_own_photos_and_unreadable_files_are_no_strangers(evaluate, strangers, run, tmp_path):
    catalog = hs.scan(run.folder / "catalog.csv").photos
    folder = shutil.copytree(strangers / "noise", tmp_path / "mixed")
    for split in ("train", "test"):
        photo = next(photo for photo in catalog if photo.split == split)
        shutil.copy(photo.path, folder / f"{split}.jpg")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    unknown = evaluate(unknown=folder)["unknown"]
    assert (unknown["n_strangers"], unknown["n_left_out"]) == (5, 2)
    assert [failure["path"] for failure in unknown["skipped"]] == [str(folder / "broken.jpg")]


def test_a_folder_without_strangers_is_refused(evaluate, run, tmp_path, drop_novelty, strangers):
    with pytest.raises(CatalogError, match=r"Cannot find photos: .* holds no photo"):
        evaluate(unknown=tmp_path)
    with pytest.raises(CatalogError, match="'missing' does not exist"):
        evaluate(unknown="missing")
    with pytest.raises(CatalogError, match="got no place, need a folder"):
        evaluate(unknown=[])
    with pytest.raises(CatalogError, match=r"the classifier was trained on all .* they are among the evaluated photos"):
        evaluate(unknown=run.folder.parent / "photos")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    with pytest.raises(CatalogError, match="none of the 1 photos can be decoded"):
        evaluate(unknown=tmp_path)
    model = drop_novelty(run.folder, tmp_path / "model.onnx")
    with pytest.raises(
        ClassifierError, match="Cannot measure strangers: got a classifier that cannot tell how strange"
    ):
        hs.evaluate(model, run.folder / "catalog.csv", unknown=strangers, verbose=False)
    assert hs.evaluate(model, run.folder / "catalog.csv", verbose=False)["refusal"] is None
