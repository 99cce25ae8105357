"""Suggestions: of photos without a label, with and without a run, and what is wrong with the photos."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps

import headstart as hs
from headstart.errors import BackboneError, CatalogError, RunError
from headstart.inspection.suggest import suggest_photos


@pytest.fixture
def folder(make_folder):
    return make_folder("new", labels=("dots", "stripes", "rings"), n=12)


@pytest.fixture
def suggest(folder):
    def ask(photos=None, **rest):
        options = {"n": 6, "verbose": False} | ({} if "run" in rest else {"image_size": 96})
        return suggest_photos(folder if photos is None else photos, **options | rest)

    return ask


def names(found):
    return [f"{one.photo.path.parent.name}/{one.photo.path.name}" for one in found.photos]


def test_without_labels_typical_photos_of_all_kinds_come_first(suggest):
    found = suggest()
    assert len(set(names(found))) == 6
    assert {one.photo.path.parent.name for one in found.photos} == {"dots", "stripes", "rings"}
    assert {(one.kind, one.guess) for one in found.photos} == {("typical", None)}
    assert (found.n_unlabelled, found.n_labelled, found.n_left_out) == (36, 0, 0)
    assert names(suggest()) == names(found)
    assert names(suggest(seed=1)) != names(found)


def test_a_run_gives_guesses_and_reasons(suggest, trained):
    found = suggest(run=trained, n=10)
    assert found.run == "patterns"
    assert found.labels == ("dots", "stripes")
    assert {one.guess for one in found.photos} <= {"dots", "stripes", "none of these"}
    assert all(one.reason and one.probabilities for one in found.photos)
    assert (found.n_unlabelled, found.n_labelled) == (12, 40)  # the photos of dots and stripes are those of the run
    assert found.n_left_out == 24
    assert {one.photo.path.parent.name for one in found.photos} == {"rings"}
    assert names(suggest(run=str(trained.folder), n=10)) == names(found)


def test_the_guess_is_the_answer_of_the_classifier(trained, tmp_path, paint_folder):
    photos = paint_folder(tmp_path / "more", labels=("rings",), n=8)
    found = suggest_photos(photos, run=trained, n=8, verbose=False)
    for one in found.photos:
        answer = trained.model.predict(one.photo.path)
        assert one.guess == answer.answer
        assert one.probabilities == pytest.approx(answer.probabilities, abs=1e-5)
        assert one.novelty == pytest.approx(answer.novelty, abs=1e-5)


def test_the_classifier_file_of_a_run_is_the_run(suggest, trained):
    found = suggest(run=trained.folder / "model.onnx", n=10)
    assert (found.run, found.n_labelled) == ("patterns", 40)
    assert not [note for note in found.notes if note.code == "labelled-photos-unknown"]


def test_a_classifier_file_knows_its_photos_if_they_are_there(suggest, trained, tmp_path):
    found = suggest(run=shutil.copy(trained.folder / "model.onnx", tmp_path), n=30)
    assert found.run == "model"
    assert [note.code for note in found.notes if note.code == "labelled-photos-unknown"]
    seen = trained.model.metadata.has_seen
    assert not any(seen(one.photo.digest) for one in found.photos)
    assert found.n_left_out == found.n_labelled > 0


def test_labelled_photos_are_not_suggested_again(suggest, folder, tmp_path):
    first = suggest(n=5)
    first.write_csv(tmp_path / "first.csv")
    text = (tmp_path / "first.csv").read_text().splitlines()
    filled = [text[0], *(line.replace(",,", ",dots,", 1) for line in text[1:-1]), text[-1]]
    (tmp_path / "first.csv").write_text("\n".join(filled))
    again = suggest(n=40, labelled=[tmp_path / "first.csv"])
    assert (again.n_labelled, again.n_left_out, again.n_unlabelled, again.n_passed_over) == (4, 4, 31, 1)
    assert not set(names(again)) & set(names(first))  # nor the one that was left empty
    assert names(suggest(n=40, labelled=str(tmp_path / "first.csv"))) == names(again)
    copied = shutil.copytree(folder, tmp_path / "elsewhere")  # known by their content, not by their place
    assert not set(names(suggest(copied, n=40, labelled=[tmp_path / "first.csv"]))) & set(names(first)[:4])
    assert suggest(tmp_path / "first.csv", n=5).n_left_out == 4  # rows with a label in the table itself


def test_near_copies_are_suggested_once(suggest, folder):
    for path in sorted((folder / "rings").glob("*.jpg")):
        with Image.open(path) as image:
            large = image.convert("RGB")
        large.resize((60, 45)).save(path.with_suffix(".png"))
        ImageOps.mirror(large).save(path.with_name(f"mirrored-{path.stem}.png"))
    found = suggest(folder / "rings", n=36)
    numbers = [one.photo.path.stem.removeprefix("mirrored-") for one in found.photos]
    assert len(numbers) == len(set(numbers))
    assert any(note.code == "fewer-suggestions" for note in found.notes)
    source = folder / "rings"
    labelled = [([str(source / "000.jpg")], ["rings"])]
    again = suggest(source, n=36, labelled=labelled)
    assert "000" not in {one.photo.path.stem.removeprefix("mirrored-") for one in again.photos}


def test_more_than_there_are_gives_all(suggest, folder):
    found = suggest(n=1000)
    n = len(found.photos)
    (note,) = [note for note in found.notes if note.code == "fewer-suggestions"]
    copies = f"The other {36 - n} without a label are near copies of labelled or of suggested photos."
    assert 24 < n < 36  # some stripes are alike
    assert note.text == f"Only {n} photos can be suggested. {copies}"
    found = suggest(sorted((folder / "rings").glob("*.jpg"))[:3], n=4)
    (note,) = [note for note in found.notes if note.code == "fewer-suggestions"]
    assert note.text == "All photos without a label are suggested: there are 3, fewer than 4."
    (note,) = [note for note in suggest(sorted((folder / "rings").glob("*.jpg"))[:1]).notes if "fewer" in note.code]
    assert note.text == "The only photo without a label is suggested."


def test_near_copies_of_labelled_photos_alone_are_an_error(suggest, folder, tmp_path):
    (tmp_path / "copies").mkdir()
    labelled = sorted((folder / "rings").glob("*.jpg"))[:3]
    for path in labelled:
        with Image.open(path) as image:
            image.convert("RGB").resize((60, 45)).save(tmp_path / "copies" / f"{path.stem}.png")
    message = "got 3 photos without a label, all near copies of labelled photos"
    with pytest.raises(CatalogError, match=message):
        suggest(tmp_path / "copies", labelled=[([*map(str, labelled)], ["rings"] * 3)])


def test_photos_of_other_things_than_the_run_are_noted(suggest, trained, tmp_path):
    (tmp_path / "other").mkdir()
    for number in range(6):
        Image.new("RGB", (90, 90), (40 * number, 200, 30)).save(tmp_path / "other" / f"{number}.png")
    found = suggest(tmp_path / "other", run=trained)
    (note,) = [note for note in found.notes if note.code == "many-strange"]
    assert note.severity == "warning"
    assert " photos without a label are unlike the training photos." in note.text
    assert "strange" in found.counts()


def test_unreadable_photos_are_skipped(suggest, folder):
    (folder / "broken.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes()[:400])
    (folder / "text.jpg").write_text("text")
    found = suggest(n=100)
    assert {skip.path.name for skip in found.skipped} == {"broken.jpg", "text.jpg"}
    assert found.n_unlabelled == 36
    assert not {one.photo.path.name for one in found.photos} & {"broken.jpg", "text.jpg"}


def test_photos_of_the_run_may_be_gone(suggest, trained, tmp_path):
    moved = shutil.copytree(trained.folder, tmp_path / "run")
    record = (moved / "run.json").read_text()
    (moved / "run.json").write_text(record.replace(str(trained.folder.parent / "photos"), str(tmp_path / "gone")))
    kept = suggest(run=moved, n=5)  # the cache has their features
    assert kept.n_labelled == 40
    without = suggest(run=moved, n=5, cache=False)
    assert without.n_labelled == 24  # those that are among the new photos
    (note,) = [note for note in without.notes if note.code == "labelled-photos-unknown"]
    assert note.text.startswith("16 labelled photos cannot be read")


def test_no_photo_to_suggest_is_an_error(suggest, folder, trained, tmp_path):
    with pytest.raises(CatalogError, match="got 24 photos, all with a label already, need one without"):
        suggest([folder / "dots", folder / "stripes"], run=trained)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_text("text")
    with pytest.raises(CatalogError, match=r"got no photo that can be read, need one\. Left out: "):
        suggest(tmp_path / "bad")
    (tmp_path / "bad" / "a.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes()[:400])
    with pytest.raises(CatalogError, match=r"Cannot suggest photos of '.*bad': got no photo that can be read"):
        suggest(tmp_path / "bad")
    (tmp_path / "bad" / "a.jpg").unlink()
    with pytest.raises(CatalogError, match="holds no photo"):
        suggest(tmp_path / "bad")


def test_run_and_photos_may_not_be_swapped(suggest, folder, trained):
    swapped = rf"got a run, need photos\. Give the run first: headstart suggest .*patterns {folder}\."
    with pytest.raises(CatalogError, match=swapped):
        suggest(trained.folder, run=folder)
    with pytest.raises(CatalogError, match=r"Give the photos after it: headstart suggest .*model\.onnx PHOTOS"):
        suggest(trained.folder / "model.onnx")


def test_a_table_in_place_of_a_run_is_told_of_labelled(suggest, folder):
    hint = rf"Give labelled photos with --labelled: headstart suggest {folder} --labelled a\.csv"
    with pytest.raises(CatalogError, match=hint):
        suggest(run="a.csv")


@pytest.mark.parametrize("run", ["nowhere", "new"])
def test_what_is_no_run_is_an_error(suggest, folder, run):
    what = "it does not exist" if run == "nowhere" else r"it has no metrics\.json"
    with pytest.raises(RunError, match=f"Cannot open run '.*{run}': {what}"):
        suggest(run=folder.parent / run)
    with pytest.raises(CatalogError, match="'nowhere' does not exist"):
        suggest("nowhere")


def test_wrong_options_are_errors(suggest):
    with pytest.raises(CatalogError, match="got n = 0, need 1 or more"):
        suggest(n=0)
    with pytest.raises(BackboneError, match="no backbone has this name"):
        suggest(backbone="mobilenet_v9")


def test_arguments_of_other_types_are_errors(suggest, folder, trained):
    for photos in (None, 5, [5]):
        with pytest.raises(CatalogError, match=r"got \w+ for the photos, need a folder, a CSV of paths, or a list"):
            suggest_photos(photos)
    with pytest.raises(CatalogError, match="got n = '5', need a whole number"):
        suggest(n="5")
    with pytest.raises(CatalogError, match="got seed = 'x', need a whole number"):
        suggest(seed="x")
    for labelled in (5, None):
        with pytest.raises(CatalogError, match=r"got \w+ for the labelled photos, need a list of sources, or the path"):
            suggest(labelled=labelled)
    with pytest.raises(CatalogError, match="got Classifier for the run, need a Run, its folder, or the path of a"):
        suggest(run=trained.model)


def test_labelled_photos_beside_junk_are_told_as_labelled(suggest, trained, tmp_path):
    photos = shutil.copytree(trained.folder.parent / "photos" / "dots", tmp_path / "mix")
    whole = min(photos.glob("*.jpg")).read_bytes()
    (photos / "junk.jpg").write_bytes(whole[: len(whole) // 4])
    with pytest.raises(CatalogError, match=r"got 20 photos, all with a label already, need one without\. Left out: "):
        suggest(photos, run=trained)


def test_photos_that_were_left_empty_in_the_table_of_the_run_are_passed_over(suggest, folder, tmp_path):
    photos = sorted(folder.glob("*/*.jpg"))
    rows = [f"{path},{'' if path.stem > '009' else path.parent.name},," for path in photos]
    (tmp_path / "first.csv").write_text("\n".join(["path,label,guess,reason", *rows[:24]]))
    options = {"method": "fixed", "features": "last", "head": "logistic", "image_size": 96, "verbose": False}
    run = hs.train(tmp_path / "first.csv", out=tmp_path / "run", **options)
    found = suggest(run=run, n=40)
    assert (found.n_left_out, found.n_passed_over, found.n_unlabelled) == (20, 4, 12)
    assert found.run_folder == str(run.folder)
    with pytest.raises(CatalogError, match="got 20 with a label already and 4 that an earlier suggestion has without"):
        suggest([path for path in photos if path.parent.name != "stripes"], run=run)


def test_identical_files_and_names_that_are_not_text_are_counted(suggest, folder):
    for n in range(3):
        shutil.copy(folder / "rings" / "000.jpg", folder / "rings" / f"copy {n}.jpg")
    odd = Path(os.fsdecode(os.fsencode(folder / "rings") + b"/J\xf6rg.jpg"))
    (folder / "rings" / "001.jpg").rename(odd)
    found = suggest(folder / "rings", n=20)
    assert (found.n_identical, found.n_unlabelled) == (3, 11)
    assert [(str(skip.path), skip.reason) for skip in found.skipped] == [
        (str(odd), "its name is not UTF-8, which the CSV needs: rename the file")
    ]


def test_the_front_door_has_it():
    assert hs.suggest is suggest_photos
