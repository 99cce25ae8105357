"""A run is trained again with photos added and forgotten: its photos, splits and settings are taken."""

import json
import shutil
from pathlib import Path

import pytest

import headstart as hs
from headstart.errors import CatalogError, FitError, RunError
from headstart.runs.run_tables import read_run_photos


@pytest.fixture(scope="module")
def made(tmp_path_factory, paint_folder):
    """A run of 40 photos, and twelve of a new class."""
    base = tmp_path_factory.mktemp("grown")
    photos, more = paint_folder(base / "photos"), paint_folder(base / "more", ("rings",), n=12)
    (more / "dots").mkdir()
    for n in range(4):
        shutil.copy(photos / "dots" / f"{n:03}.jpg", more / "dots" / f"known {n}.jpg")
    run = hs.train(
        photos, out=base / "run", method="fixed", features="last", head="logistic", image_size=96, verbose=False
    )
    return run, more


def grow(run, out, **options):
    return hs.train(run, out=out, verbose=False, **options)


def list_splits(run):
    return {photo.digest: photo.split for photo in read_run_photos(run.folder)}


def test_photos_that_suggest_chose_are_told_of_in_all_runs(made, tmp_path):
    _, more = made

    def write(name, photos):
        rows = [f"{path},{path.parent.name},," for path in photos]
        (tmp_path / name).write_text("\n".join(["path,label,guess,reason", *rows]))
        return tmp_path / name

    photos = [path for label in ("dots", "stripes") for path in sorted((more.parent / "photos" / label).glob("*"))[:9]]
    first, next_ = write("first.csv", photos), write("next.csv", [photos[0], *sorted((more / "rings").glob("*"))[:6]])

    def find(run):
        (note,) = (note for note in run.notes if note.code == "suggested-photos")
        assert note.text in run.report.read_text()
        return note.text.split(":")[0]

    options = {"method": "fixed", "features": "last", "head": "logistic", "image_size": 96, "verbose": False}
    run = hs.train(first, out=tmp_path / "run", **options)
    assert find(run) == "18 of the photos were chosen by headstart suggest"
    assert find(grow(run, tmp_path / "run2", add=next_)) == "24 of the photos were chosen by headstart suggest"
    both = hs.train([first, next_], out=tmp_path / "both", **options)
    assert find(both) == "24 of the photos were chosen by headstart suggest"


def test_photos_are_added_and_forgotten_and_the_file_is_that_of_a_new_training(made, tmp_path):
    run, more = made
    rows = read_run_photos(run.folder)
    stripes = [row for row in rows if row.label == "stripes"]
    gone = [row for row in stripes if row.split == "train"][:2] + [row for row in stripes if row.split == "test"][:1]
    gone += [row for row in rows if row.file == "dots/000.jpg"]  # which is in more, too: it is not added again
    (tmp_path / "list.txt").write_text("".join(f"{row.file}\n" for row in gone))
    told = []
    grown = grow(run, tmp_path / "run2", add=more, forget=tmp_path / "list.txt", say=told.append)
    before, after = list_splits(run), list_splits(grown)
    assert len(after) == 40 + 12 - 4
    assert not after.keys() & {row.digest for row in gone}
    assert all(after[digest] == split for digest, split in before.items() if digest in after)
    growth = grown.metrics["growth"]
    assert growth["new_classes"] == ["rings"]
    assert sum(growth["added"]["rings"].values()) == 12
    n_left = sum(row.split == "test" for row in rows) - sum(row.split == "test" for row in gone)
    assert growth["comparison"]["n"] == n_left
    assert told[1].startswith("12 photos were added (8 train, 2 validation, 2 test), and 4 photos were forgotten (")
    assert "'rings' is a new class, with 8 training photos and 2 test photos." in " ".join(told)
    assert "Compared with the earlier run" in grown.report.read_text()
    (note,) = (note for note in grown.notes if note.code == "several-sources")
    assert note.text == f"3 photos of {more} are in the run already, and count once."
    settings = [json.loads((one.folder / "run.json").read_text())["settings"]["used"] for one in (run, grown)]
    assert settings[0] | {"precision": run.metrics["precision"]} == settings[1]
    for cache in (True, False):  # also from features that are computed anew
        again = hs.train(
            grown.folder / "catalog.csv", out=tmp_path / f"again {cache}", method="fixed", features="last",
            head="logistic", image_size=96, cache=cache, verbose=False,
        )  # fmt: skip
        assert (again.folder / "model.onnx").read_bytes() == (grown.folder / "model.onnx").read_bytes()
    assert hs.replay(grown, verbose=False)["is_same"]


def test_a_grown_run_grows_again_and_its_sources_are_named(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, more = made
    first = hs.train(run.folder, add=[more], verbose=False)
    assert first.folder == Path("runs/photos+more")
    record = json.loads((first.folder / "run.json").read_text())
    assert record["photos"]["sources"] == [str(run.folder.parent / "photos"), str(more)]
    assert record["arguments"]["photos"] == str(run.folder)
    assert (record["arguments"]["add"], record["arguments"]["forget"]) == ([str(more)], None)
    rings = [row.file for row in read_run_photos(first.folder) if row.label == "rings"]
    second = grow(str(first.folder), tmp_path / "second", forget=rings)
    assert second.metrics["growth"]["lost_classes"] == ["rings"]
    assert list_splits(second) == list_splits(run)
    assert (second.folder / "model.onnx").read_bytes() == (run.folder / "model.onnx").read_bytes()


def test_given_settings_replace_those_of_the_run(made, tmp_path):
    run, more = made
    grown = grow(run, tmp_path / "run2", add=more, features="all", seed=4)
    used = json.loads((grown.folder / "run.json").read_text())["settings"]["used"]
    assert (used["features"], used["head"], used["seed"], used["image_size"]) == ("all", "logistic", 4, 96)
    with pytest.raises(FitError, match=r"other photos and repeats: the photos of the run keep their splits"):
        grow(run, tmp_path / "run3", add=more, repeats=3)
    with pytest.raises(FitError, match="unexpected keyword argument 'magic'"):
        grow(run, tmp_path / "run3", add=more, magic=1)


def test_another_method_does_not_take_over_what_only_the_first_has(made):
    from headstart.catalog.table_columns import BY_NAME
    from headstart.training.grown_run import open_grown_run

    run, more = made
    settings = open_grown_run(run, more, None, {"method": "hybrid", "epochs": 3}, BY_NAME).settings
    assert (settings.method, settings.epochs, settings.features, settings.head) == ("hybrid", 3, "auto", "auto")
    settings.check()
    settings = open_grown_run(run, more, None, {"backbone": "efficientnet_lite1"}, BY_NAME).settings
    assert (settings.image_size, settings.head) == (None, "auto")


def test_missing_photos_are_named_found_among_the_added_ones_or_forgotten(made, tmp_path):
    run = hs.Run(shutil.copytree(made[0].folder, tmp_path / "run"))
    photos = Path(shutil.copytree(made[0].folder.parent / "photos", tmp_path / "photos"))
    record = json.loads((run.folder / "run.json").read_text())
    record["photos"]["folder"] = str(photos)
    (run.folder / "run.json").write_text(json.dumps(record))
    more = tmp_path / "more"
    shutil.copytree(photos / "stripes", more / "stripes")
    shutil.rmtree(photos / "stripes")
    with pytest.raises(
        RunError, match=r"20 photos of its 40 are missing or changed:\n  stripes/000\.jpg\n(.*\n)*  and 10"
    ):
        grow(run, tmp_path / "run2", forget="dots/000.jpg")
    grown = grow(run, tmp_path / "run2", add=more, forget="dots/000.jpg")
    assert len(list_splits(grown)) == 39
    first = min(more.rglob("*.jpg"))
    first.unlink()
    with pytest.raises(RunError, match=r"1 photo of its 40 is missing or changed:\n  stripes/000\.jpg"):
        grow(run, tmp_path / "run3", add=more)
    assert len(list_splits(grow(run, tmp_path / "run3", add=more, forget=["stripes/000.jpg"]))) == 39


def test_a_forgotten_photo_that_comes_back_is_noted(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, more = made
    photos = run.folder.parent / "photos"
    without = hs.train(run, forget=["dots/000.jpg", "dots/001.jpg"], verbose=False)
    assert without.folder == Path("runs/run")  # named like the run that it was made of
    later = grow(without, tmp_path / "later", add=more)  # it has dots/000.jpg and dots/001.jpg
    (note,) = (note for note in later.notes if note.code == "forgotten-before")
    assert note.text == (
        "2 added photos were left out of 'runs/run', which --forget made: the classifier learns from them again. To "
        "leave them out, name them with --forget here, too."
    )
    again = grow(grow(without, tmp_path / "rings", add=more, forget=["dots/002.jpg"]), tmp_path / "all", add=photos)
    (note,) = (note for note in again.notes if note.code == "forgotten-before")
    assert note.text.startswith(f"1 added photo was left out of '{tmp_path / 'rings'}', which --forget made")


def test_moved_photos_are_found_in_a_folder_without_classes(made, tmp_path):
    run = hs.Run(shutil.copytree(made[0].folder, tmp_path / "run"))
    record = json.loads((run.folder / "run.json").read_text())
    record["photos"]["folder"] = str(tmp_path / "gone")
    (run.folder / "run.json").write_text(json.dumps(record))
    flat = tmp_path / "flat"
    flat.mkdir()
    for number, photo in enumerate(sorted((made[0].folder.parent / "photos").rglob("*.jpg"))):
        shutil.copy(photo, flat / f"{number}.jpg")
    for add in (flat, [flat, made[1]]):
        grown = grow(run, tmp_path / f"run of {type(add).__name__}", add=add)
        assert list_splits(run).items() <= list_splits(grown).items()
    assert grown.metrics["growth"]["new_classes"] == ["rings"]


def test_labels_are_corrected_by_adding_the_photos_with_the_right_ones(made, tmp_path):
    run, _ = made
    rows = [row for row in read_run_photos(run.folder) if row.label == "dots"]
    table = tmp_path / "right.csv"
    table.write_text("path,label\n" + "".join(f"{run.folder.parent}/photos/{row.file},waves\n" for row in rows[:6]))
    told = []
    grown = grow(run, tmp_path / "run2", add=table, say=told.append)
    assert list_splits(grown) == list_splits(run)
    labels = {photo.digest: photo.label for photo in read_run_photos(grown.folder)}
    assert {row.digest for row in rows[:6]} == {digest for digest, label in labels.items() if label == "waves"}
    n_train = sum(row.split == "train" for row in rows[:6])
    assert f"'waves' is a new class, with {n_train} training photo" in " ".join(told)
    assert any(note.code == "corrected-labels" for note in grown.notes)


def test_what_is_no_run_or_cannot_be_added_is_refused(made, tmp_path):
    run, more = made
    for nothing in ("gone", ["gone"], ["runs/pets", "gone"]):
        with pytest.raises(RunError, match=r"forget from '(runs/pets )?gone': got no run folder, need one run that"):
            grow(nothing, tmp_path / "run2", add=more)
    with pytest.raises(RunError, match=r"need one run that training wrote\. It does not exist: check the path"):
        grow(tmp_path / "gone", tmp_path / "run2", forget="dots/000.jpg")
    with pytest.raises(RunError, match=r"got no run folder, need one run .* To train on several sources, name them"):
        grow(more, tmp_path / "run2", add=more)
    for one in (run, run.folder, [str(run.folder)], [more, str(run.folder)]):
        with pytest.raises(RunError, match=r"got a run without --add or --forget, need photos\. headstart replay"):
            grow(one, tmp_path / "run2")
    for place in (run.folder, run.folder / "grown"):
        with pytest.raises(RunError, match="it is the folder of the run that is trained with other photos"):
            grow(run, place, add=more, overwrite=True)
    with pytest.raises(CatalogError, match="Cannot use layout 'inner' of photos that are scanned already"):
        grow(run, tmp_path / "run2", forget="dots/000.jpg", layout="inner")
    with pytest.raises(RunError, match=r"Cannot forget 1 photo that '.*' does not have"):
        grow(run, tmp_path / "run2", forget="dots/999.jpg")
    dots = [row.file for row in read_run_photos(run.folder) if row.label == "dots"]
    with pytest.raises(
        CatalogError,
        match=r"photos of stripes, need at least 2 classes\. The lists forget 20 of its 40 photos\. Forget fewer",
    ):
        grow(run, tmp_path / "run2", forget=dots)
    with pytest.raises(
        CatalogError, match=r"of no class, need at least 2 classes\. The lists forget all its 40 photos\. Forget"
    ):
        grow(run, tmp_path / "run2", forget=run.folder / "catalog.csv")
    with pytest.raises(CatalogError, match=r"Cannot scan '.*': got a run, need photos\. To .* give '.*catalog\.csv'"):
        grow(run, tmp_path / "run2", add=str(run.folder))
    with pytest.raises(FitError, match=r"other photos and test_share \(--test-share\): the photos of the run keep"):
        grow(run, tmp_path / "run2", add=more, test_share=1)
    assert not (tmp_path / "run2").exists()


def test_a_list_to_forget_that_is_no_path_is_one_sentence(trained):
    with pytest.raises(CatalogError, match="Cannot forget photos: got '5', need a text file"):
        hs.train(trained.folder, forget=5, verbose=False)
