"""A run is trained again from its folder alone, wherever its photos lie now."""

import hashlib
import json
import random
import shutil

import pytest

import headstart as hs
from headstart.errors import RunError
from headstart.methods.settings import Settings
from headstart.runs.run_tables import read_run_photos
from headstart.training.replay import choose_settings


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


def test_a_run_whose_settings_are_unknown_is_refused(run):
    record = json.loads((run.folder / "run.json").read_text())
    record["settings"]["used"]["magic"] = 3
    (run.folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"unexpected keyword argument 'magic'"):
        choose_settings(record)


@pytest.mark.parametrize(
    ("asked", "used", "method"),
    [("auto", "fixed", "fixed"), ("auto", "hybrid", "auto"), ("hybrid", "hybrid", "hybrid")],
)
def test_auto_is_repeated_only_if_it_trained_above_a_cut(asked, used, method):
    def record(name):
        return {part: getattr(Settings(method=name), part) for part in Settings.__dataclass_fields__}

    settings = {"asked": record(asked), "used": record(used) | {"budget_s": 900.0}}
    chosen = choose_settings({"settings": settings, "machine": {"arithmetic": "f32"}})
    assert (chosen.method, chosen.precision) == (method, "f32")
    chosen.check()
