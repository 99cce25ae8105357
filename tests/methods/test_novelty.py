"""The novelty test of a trained method: own photos, groups, splits, views, and the file."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.classifier.classifier import Classifier
from headstart.methods import novelty as module
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.novelty import fit_trained_novelty, measure_novelty
from headstart.methods.settings import Settings
from headstart.methods.split_metrics import SplitPredictions
from headstart.methods.strangers import measure_gallery
from headstart.methods.trained_method import TrainedMethod

PLAIN = Settings(method="fixed", image_size=96, precision="f32")


@pytest.fixture(scope="module")
def folder(paint_folder, tmp_path_factory):
    return paint_folder(tmp_path_factory.mktemp("novelty") / "photos", n=40)


@pytest.fixture(scope="module")
def runner(folder, make_runner):
    return make_runner(scan_photos(folder), precision="f32", cache=True)


def train(runner, **changes):
    return fit_trained_novelty(runner.run(replace(PLAIN, **changes)).fit_again())


def predict(trained):
    splits = trained.table.splits
    return {
        split: SplitPredictions(splits[split], trained.choose_head(split).probabilities(splits[split].X))
        for split in splits
    }


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"features": "all"}, {"head": "adam", "epochs": 2}, {"n_views": 2, "average_views": True}, {"n_views": 3},
        {"fit_on": "all"}, {"fit_on": "train"},
    ],
)  # fmt: skip
def test_the_file_gives_the_novelty_that_training_measured(runner, changes):
    trained = train(runner, **changes)
    fitted_on = {"all": ("train", "validation", "test"), "train": ("train",)}.get(
        changes.get("fit_on"), ("train",) if changes.get("head") == "adam" else ("train", "validation")
    )
    own = trained.own_novelties
    assert {photo.split for photo in own.photos} == set(fitted_on)
    assert len(trained.novelty.mean) == 1280
    classifier = Classifier.from_bytes(trained.build_file().data, precision="f32")
    assert classifier.metadata.n_novelty_photos == trained.novelty.n_units == len(own.photos)
    rows = trained.table.splits["test"]
    found = [answer.novelty for answer in classifier.predict([photo.path for photo in rows.photos])]
    np.testing.assert_allclose(found, trained.novelty.measure(rows.X[:, -1280:]), atol=2e-3)
    record = measure_novelty(trained, predict(trained))
    assert record["measured_on"] == "+".join(fitted_on)
    assert (record["n"], record["refuse"]) == (len(own.photos), 0.05)
    assert (record["test"] is None) == ("test" in fitted_on)


def test_training_gives_the_same_test_and_head_again_and_the_test_changes_no_digit_of_the_head(runner):
    first, again = train(runner), train(runner)
    assert first.novelty.components.tobytes() == again.novelty.components.tobytes()
    assert first.own_novelties.novelties.tobytes() == again.own_novelties.novelties.tobytes()
    plain = runner.run(PLAIN).fit_again()
    assert plain.final.head.weights.tobytes() == first.final.head.weights.tobytes()


def test_the_record_names_the_strangest_photos_of_all_that_were_held_out(runner):
    trained = train(runner)
    record = measure_novelty(trained, predict(trained))
    strangest = record["strangest"]
    assert len(strangest) == 9
    values = [row["novelty"] for row in strangest]
    assert values == sorted(values)
    lowest = min(trained.own_novelties.novelties.min(), trained.novelty.measure(trained.table.splits["test"].X).min())
    assert values[0] == pytest.approx(float(lowest))
    assert {row["label"] for row in strangest} <= {"dots", "stripes"}


def test_the_test_photos_that_are_refused_are_counted_at_the_default_and_at_5_percent(runner):
    trained = train(runner)
    record = measure_novelty(trained, predict(trained))
    novelties = trained.novelty.measure(trained.table.splits["test"].X)
    assert record["test"]["n_refused"] == (novelties <= record["refuse"]).sum()
    assert record["test"]["n_refused_at_5"] == (novelties <= 0.05).sum()
    assert 0 <= record["test"]["p"] <= 1
    assert "own" not in record  # the shares are those of these photos: their count would tell nothing


def test_photos_of_one_group_count_as_one(folder, make_runner, tmp_path):
    lines = [f"{path},{path.parent.name},{path.parent.name}{int(path.stem) // 4}" for path in folder.rglob("*.jpg")]
    (tmp_path / "groups.csv").write_text("\n".join(["path,label,group", *sorted(lines)]))
    trained = train(make_runner(scan_photos(tmp_path / "groups.csv"), precision="f32", cache=True))
    record = measure_novelty(trained, predict(trained))
    groups = {photo.group for photo in trained.table.catalog.photos if photo.split != "test"}
    # 20 groups in all: those of the training and validation photos are too few for a test
    assert (record["n"], record["refuse"], trained.novelty) == (len(groups), None, None)
    assert record["test"] is None


@pytest.mark.parametrize("n", [4, 14])
def test_few_photos_give_a_classifier_without_a_test(paint_folder, make_runner, tmp_path, n):
    runner = make_runner(scan_photos(paint_folder(tmp_path / "few", n=n)), precision="f32", cache=True)
    trained = train(runner)
    photos = [photo for photo in trained.table.catalog.photos if photo.split in ("train", "validation")]
    record = measure_novelty(trained, predict(trained))
    assert record["n"] == len(photos)
    assert (trained.novelty is None) == (len(photos) < 19)
    assert record["refuse"] == (None if len(photos) < 19 else 0.05)
    classifier = Classifier.from_bytes(trained.build_file().data)
    assert classifier.rules.refused_share == record["refuse"]


def test_many_photos_are_drawn_by_their_content_whatever_split_they_are_in(runner, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 30)
    drawn = []
    for changes in ({"fit_on": "all"}, {"fit_on": "all", "seed": 1}):
        trained = train(runner, **changes)
        drawn.append({photo.digest for photo in trained.own_novelties.photos})
        assert trained.novelty.n_units == 30
        by_digest = {photo.digest: X for part in trained.table.splits.values()
                     for photo, X in zip(part.photos, part.X, strict=True)}  # fmt: skip
        photos, rows = module._take_photos(trained, ("train", "validation", "test"))
        assert list(photos) == sorted(photos, key=lambda photo: photo.digest)
        np.testing.assert_array_equal(rows, [by_digest[photo.digest] for photo in photos])
        other, _ = module._take_photos(trained, ("test", "train", "validation"))
        assert other == photos
    assert drawn[0] != drawn[1]


def test_strangers_are_measured_and_their_features_are_cached(runner, monkeypatch):
    trained = train(runner)
    record = measure_gallery(trained, runner.context)
    assert (record["n"], len(record["kinds"])) == (56, 15)
    assert record["n_refused"] == sum(row["n_refused"] for row in record["kinds"])
    for row in record["kinds"]:
        assert (row["n_refused"] == row["n"]) == (row["least_strange"]["novelty"] <= 0.05)
    monkeypatch.setattr("headstart.methods.strangers.draw_stranger", None)  # the cache has the features
    assert measure_gallery(trained, runner.context) == record


def test_photos_of_others_are_strangers_too_and_own_photos_are_not(runner, tmp_path):
    trained = train(runner)
    gone = replace(trained.table.catalog.photos[0], file=str(tmp_path / "gone.jpg"), label="own", digest="ab" * 32)
    own = [replace(photo, label="own") for photo in trained.table.splits["train"].photos]
    record = measure_gallery(trained, runner.context, [gone, *own])
    assert record["n"] == 56  # the generated images alone: others are there on some machines only
    assert (record["photos"]["kind"], record["photos"]["n"]) == ("own", len(own))
    assert record["photos"]["n_refused"] <= 3


@pytest.mark.parametrize("n_views", [1, 2])
def test_strangers_have_the_novelty_that_the_file_gives(runner, n_views):
    from headstart.pixels.strangers import Stranger, draw_stranger

    trained = train(runner, n_views=n_views, average_views=n_views > 1)
    record = measure_gallery(trained, runner.context)
    pixels = np.stack([draw_stranger(Stranger(row["kind"], row["least_strange"]["number"]), 96)
                       for row in record["kinds"]])  # fmt: skip
    found = Classifier.from_bytes(trained.build_file().data, precision="f32").judge_pixels(pixels)[1]
    np.testing.assert_allclose(found, [row["least_strange"]["novelty"] for row in record["kinds"]], atol=2e-3)


def test_above_a_cut_the_shares_are_those_of_photos_in_as_many_views_as_the_file_averages():
    generator = np.random.default_rng(0)

    def draw(split, n, noise):
        X = generator.normal(size=(n, 5)) @ np.eye(5, 1280) + 1 + noise * generator.normal(size=(n, 1280))
        photos = [SimpleNamespace(digest=f"{split}{i:04d}", label="a", file="", group=None, near_copies=None)
                  for i in range(n)]  # fmt: skip
        return SplitFeatures(tuple(photos), X.astype(np.float32), np.zeros(n, int), X.astype(np.float32)[None])

    # one view of the training photos varies twice as much as the mean of four views
    splits = {split: draw(split, n, noise) for split, n, noise in
              (("train", 300, 1.0), ("validation", 400, 0.5), ("test", 1000, 0.5))}  # fmt: skip
    table = FeatureTable(catalog=None, splits=splits, n_averaged=4, image_size=96, precision="f32",
                         n_extracted=0, n_cached=0)  # fmt: skip
    trained = fit_trained_novelty(
        TrainedMethod(settings=PLAIN, cut="block_12", backbone=load_backbone(), table=table, fitted=None,
                      tuned=SimpleNamespace())
    )  # fmt: skip
    assert trained.novelty.n_units == 400
    assert 0.02 <= (trained.novelty.measure(splits["test"].X) <= 0.05).mean() <= 0.08
    assert (trained.novelty.measure(splits["train"].X) <= 0.05).all()  # so training photos could not give the shares
