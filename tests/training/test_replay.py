"""A run is trained again from its folder alone, wherever its photos lie now."""

import hashlib
import json
import random
import re
import shutil

import pytest
from PIL import Image

import headstart as hs
from headstart.errors import RunError
from headstart.runs.run_tables import read_run_photos
from headstart.training.recorded_training import choose_settings


def train(photos, out, **settings):
    return hs.train(photos, out=out, image_size=96, verbose=False, **settings)


@pytest.fixture(scope="module")
def made(tmp_path_factory, paint_folder):
    """A run whose photos are gone from where they lay, and a copy of them under other names."""
    base = tmp_path_factory.mktemp("replay")
    folder = paint_folder(base / "photos", n=14)
    run = train(folder, base / "run", seed=3)
    moved = base / "moved"
    paths = sorted(folder.rglob("*.jpg"))
    random.Random(1).shuffle(paths)
    for number, path in enumerate(paths):
        place = moved / f"{number % 3}" / f"photo {number}.bin"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, place)
    shutil.rmtree(folder)
    return run, moved


@pytest.fixture
def run(made, tmp_path):
    return hs.Run(shutil.copytree(made[0].folder, tmp_path / "run"))


@pytest.fixture
def moved(made, tmp_path):
    return shutil.copytree(made[1], tmp_path / "moved")


def test_a_copied_run_with_moved_and_renamed_photos_has_the_same_bits(run, moved, tmp_path):
    result = hs.replay(run, photos=moved, out=tmp_path / "again", verbose=False)
    assert result["is_same"], result
    assert result["is_equal"]
    assert set(result["comparison"]["same_bits"].values()) == {True}
    assert (result["comparison"]["n_compared"], result["comparison"]["largest_difference"]) == (28, 0)
    again = hs.Run(result["out"])
    assert (again.folder / "model.onnx").read_bytes() == (run.folder / "model.onnx").read_bytes()
    assert again.metrics["test"] == run.metrics["test"]


@pytest.mark.slow
def test_features_that_are_computed_anew_have_the_same_bits(run, moved):
    result = hs.replay(run.folder, photos=moved, cache=False, verbose=False)
    assert result["is_same"], result
    assert result["out"] is None


def test_a_classifier_file_that_was_changed_is_told_and_a_deleted_one_is_not(run, moved):
    model = run.folder / "model.onnx"
    model.write_bytes(model.read_bytes() + b"x")
    result = hs.replay(run, photos=moved, verbose=False)
    assert (result["is_file_kept"], result["is_equal"], result["is_same"]) == (False, True, False)
    assert result["comparison"]["same_bits"] == {
        "catalog": True, "features": True, "head": True, "model": False, "probabilities": True, "metrics": True,
    }  # fmt: skip
    model.unlink()
    assert hs.replay(run, photos=moved, verbose=False)["is_same"]


def test_a_changed_photo_is_named_and_nothing_is_trained(run, moved, tmp_path):
    record = json.loads((run.folder / "run.json").read_text())
    record["photos"]["folder"] = str(tmp_path / "back")
    (run.folder / "run.json").write_text(json.dumps(record))
    photos = read_run_photos(run.folder)
    first, second = photos[0].file, photos[1].file
    by_digest = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in moved.rglob("*.bin")}
    for photo in photos:
        place = tmp_path / "back" / photo.file
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(by_digest[photo.digest], place)
    place = tmp_path / "back" / first
    data = bytearray(place.read_bytes())
    data[-3] ^= 1
    place.write_bytes(data)
    (tmp_path / "back" / second).unlink()
    result = hs.replay(run, verbose=False)
    assert (result["changed"], result["missing"]) == ([first], [second])
    assert result["comparison"] is None
    assert not result["is_equal"]
    assert hs.replay(run, photos=moved, verbose=False)["is_same"]
    partial = hs.replay(run, partial=True, verbose=False)
    assert partial["comparison"]["n_compared"] == 26
    assert not partial["is_same"]
    assert not partial["is_equal"]


def test_without_one_of_some_near_copies_all_others_stay_in_their_splits(paint_folder, tmp_path):
    folder = paint_folder(tmp_path / "photos", n=10)
    for path in sorted(folder.rglob("00[0-5].jpg")):
        with Image.open(path) as image:
            for quality in (60, 75):
                image.save(path.with_name(f"{path.stem}_{quality}.jpg"), quality=quality)
    run = train(folder, tmp_path / "run")
    before = {photo.digest: photo for photo in read_run_photos(run.folder)}
    names = [digest for digest, photo in before.items() if digest == photo.near_copies]
    assert names
    gone = before.pop(names[0])  # the photo that its near copies are named by
    next(path for path in folder.rglob("*.jpg") if hashlib.sha256(path.read_bytes()).hexdigest() == names[0]).unlink()
    result = hs.replay(run, partial=True, out=tmp_path / "again", verbose=False)
    assert result["missing"] == [gone.file]
    after = {photo.digest: photo for photo in read_run_photos(tmp_path / "again")}
    assert {digest: (photo.split, photo.near_copies) for digest, photo in after.items()} == {
        digest: (photo.split, photo.near_copies) for digest, photo in before.items()
    }


def test_without_any_photo_all_are_named_as_missing(run):
    result = hs.replay(run, verbose=False)
    assert len(result["missing"]) == result["n_photos"] == 28
    assert result["changed"] == []


def test_a_run_of_an_earlier_version_is_refused(run):
    (run.folder / "run.json").unlink()
    with pytest.raises(RunError, match=r"got no run\.json, need one"):
        hs.replay(run)
    with pytest.raises(RunError, match=r"has no metrics\.json"):
        hs.replay(run.folder / "figures")


@pytest.mark.parametrize("name", ["predictions.csv", "metrics.json"])
def test_a_damaged_file_is_named_before_the_photos_are_looked_for(run, moved, name):
    (run.folder / name).write_text("{")
    with pytest.raises(RunError, match=re.escape(name)):
        hs.replay(run.folder, photos=moved.parent / "nowhere")


def test_a_run_whose_settings_are_unknown_is_refused(run):
    record = json.loads((run.folder / "run.json").read_text())
    record["settings"]["used"]["magic"] = 3
    (run.folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"unexpected keyword argument 'magic'"):
        choose_settings(record)


@pytest.mark.slow
def test_chosen_features_and_head_are_taken_over(paint_folder, tmp_path):
    folder = paint_folder(tmp_path / "photos", n=14)
    run = hs.train(
        folder,
        out=tmp_path / "run",
        method="fixed",
        features="wide",
        head="logistic+ridge",
        image_size=96,
        verbose=False,
    )
    assert (run.metrics["features"], run.metrics["head"]) == ("wide", "logistic+ridge")
    assert hs.replay(run, verbose=False)["is_same"]


def test_near_copies_shares_and_repeats_are_replayed_without_photos_that_cannot_be_decoded(paint_folder, tmp_path):
    folder = paint_folder(tmp_path / "photos", n=20)
    for label in ("dots", "stripes"):
        for number in range(4):
            with Image.open(folder / label / f"{number:03}.jpg") as photo:
                photo.save(folder / label / f"{number:03} again.jpg", quality=60)
        whole = (folder / label / "010.jpg").read_bytes()
        (folder / label / "010.jpg").write_bytes(whole[:400])
    run = train(folder, tmp_path / "run", test_share=20, repeats=2)
    assert len(run.metrics["skipped"]) == 2
    assert sum(photo.near_copies is not None for photo in read_run_photos(run.folder)) >= 8
    result = hs.replay(run, out=tmp_path / "again", verbose=False)
    assert result["is_same"], result
    splits = [{photo.digest: photo.split for photo in read_run_photos(tmp_path / name)} for name in ("run", "again")]
    assert splits[0] == splits[1]


@pytest.mark.slow
def test_groups_weights_and_named_splits_are_replayed(paint_folder, tmp_path):
    folder = paint_folder(tmp_path / "photos", n=16)
    rows = [
        f"{path.relative_to(tmp_path)},{path.parent.name},{'test' if int(path.stem) > 12 else ''},"
        f"{path.parent.name} {int(path.stem) // 2},{0.5 if int(path.stem) % 2 else 1}"
        for path in sorted(folder.rglob("*.jpg"))
        if path.stem != "013"
    ]
    (tmp_path / "pets.csv").write_text("\n".join(["path,label,split,group,weight", *rows]))
    run = train(tmp_path / "pets.csv", tmp_path / "run", head="adam", epochs=3, n_views=2, class_weight="balanced")
    folder.rename(tmp_path / "elsewhere")
    assert hs.replay(run, photos=tmp_path / "elsewhere", verbose=False)["is_same"]


@pytest.mark.slow
def test_photos_in_a_store_are_replayed_from_there_and_from_a_copy(paint_folder, make_bucket, tmp_path):
    folder = paint_folder(tmp_path / "photos", n=8)
    bucket = make_bucket(folder)
    run = train(bucket, tmp_path / "run", method="fixed")
    assert read_run_photos(run.folder)[0].file == f"{bucket}/dots/000.jpg"
    assert hs.replay(run, verbose=False)["is_same"]
    (run.folder / "catalog.csv").write_text((run.folder / "catalog.csv").read_text().replace(bucket, f"{bucket}-gone"))
    (run.folder / "predictions.csv").write_text(
        (run.folder / "predictions.csv").read_text().replace(bucket, f"{bucket}-gone")
    )
    assert hs.replay(run, photos=folder, verbose=False)["is_same"]
    assert hs.replay(run, photos=bucket, verbose=False)["is_same"]
