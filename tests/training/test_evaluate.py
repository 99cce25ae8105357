"""Evaluation uses photos that are not training photos, and matches classes by name."""

import csv
import shutil

import pytest

import headstart as hs
from headstart.errors import CatalogError

LABELS = ("dots", "rings", "stripes")


@pytest.fixture
def run(make_folder, tmp_path):
    return hs.train(make_folder(labels=LABELS), out=tmp_path / "run", image_size=96, verbose=False)


def test_the_catalog_of_a_run_gives_its_test_metrics(run):
    metrics = hs.evaluate(run.model, run.folder / "catalog.csv", verbose=False)
    assert metrics["split"] == "test"
    assert metrics["n_seen"] == 0
    for name in ("n", "accuracy", "confusion_matrix", "per_class"):
        assert metrics[name] == run.metrics["test"][name]


def test_a_run_its_folder_and_its_file_are_the_same_classifier(run):
    expected = hs.evaluate(run.model, run.folder / "catalog.csv", verbose=False)
    for given in (run, run.folder, str(run.folder), run.folder / "model.onnx", hs.load(run), hs.load(run.folder)):
        metrics = hs.evaluate(given, run.folder / "catalog.csv", verbose=False)
        assert (metrics["n"], metrics["confusion_matrix"]) == (expected["n"], expected["confusion_matrix"])


def test_training_photos_in_a_folder_are_left_out(run, tmp_path):
    metrics = hs.evaluate(run.model, tmp_path / "photos", verbose=False)
    assert metrics["split"] == "all"
    assert metrics["n_seen"] == run.metrics["train"]["n"] + run.metrics["validation"]["n"]
    assert metrics["n"] == run.metrics["test"]["n"]


def test_only_training_photos_are_left_out(run, make_folder):
    folder = make_folder("new", labels=LABELS, n=30)
    for label in LABELS:
        for path in sorted((folder / label).iterdir())[:20]:
            path.unlink()
    assert hs.evaluate(run.model, folder, verbose=False)["n"] == 30
    seen = next(photo for photo in hs.scan(run.folder / "catalog.csv").photos if photo.split == "train")
    shutil.copy(seen.path, folder / seen.label / "seen.jpg")
    metrics = hs.evaluate(run.model, folder, verbose=False)
    assert (metrics["n"], metrics["n_seen"]) == (30, 1)


def test_damaged_photos_are_noted_in_each_training_and_evaluation(make_folder, tmp_path):
    folder = make_folder()
    path = folder / "dots" / "003.jpg"
    data = path.read_bytes()
    middle = len(data) * 2 // 3
    path.write_bytes(data[:middle] + bytes(60) + data[middle + 60 :])
    for name in ("first", "again"):
        run = hs.train(folder, out=tmp_path / name, image_size=96, verbose=False)
        [note] = [note for note in run.notes if note.code == "damaged-photo"]
        assert "003.jpg" in note.text
        assert not run.metrics["skipped"]
    metrics = hs.evaluate(run.model, folder, verbose=False)
    is_seen = run.model.metadata.has_seen(hs.scan(folder).photos[3].digest)
    assert [note["code"] for note in metrics["note_records"]].count("damaged-photo") == (0 if is_seen else 1)
    assert len(metrics["notes"]) == len(metrics["note_records"])


def test_an_error_names_a_photo_and_the_reason_if_none_can_be_decoded(run, tmp_path):
    for label in LABELS[:2]:
        (tmp_path / "cut" / label).mkdir(parents=True)
        (tmp_path / "cut" / label / "1.jpg").write_bytes(b"\xff\xd8\xff" + label.encode())
    with pytest.raises(
        CatalogError, match=r"none of its 2 photos can be decoded, such as '.*1.jpg': cannot be decoded"
    ):
        hs.evaluate(run.model, tmp_path / "cut", verbose=False)


def test_an_error_says_why_no_photo_is_left(run):
    with pytest.raises(CatalogError, match=r"was trained on all of its \d+ photos in its train split"):
        hs.evaluate(run.model, run.folder / "catalog.csv", split="train", verbose=False)


def test_classes_are_matched_by_name_and_unknown_labels_are_left_out(run, make_folder):
    folder = make_folder("new", labels=("rings", "stripes"), n=30)
    for path in [path for path in folder.rglob("*.jpg") if int(path.stem) < 20]:
        path.unlink()
    (folder / "rings").rename(folder / "zebras")
    metrics = hs.evaluate(run.model, folder, verbose=False)
    assert metrics["unknown_labels"] == {"zebras": 10}
    assert metrics["n"] == 10
    assert metrics["per_class"]["stripes"]["recall"] > 0.8
    assert metrics["per_class"]["dots"]["support"] == 0
    shutil.rmtree(folder / "stripes")
    with pytest.raises(
        CatalogError, match=r"does not know its labels: 10 photos of 'zebras'\. It knows dots, rings, stripes"
    ):
        hs.evaluate(run.model, folder, verbose=False)


def test_one_class_or_a_test_folder_alone_is_enough(run, make_folder, tmp_path):
    folder = make_folder("one", labels=("rings",), n=25)
    assert hs.evaluate(run.model, folder, verbose=False)["n"] >= 5
    (tmp_path / "only").mkdir()
    folder.rename(tmp_path / "only" / "test")
    assert hs.evaluate(run.model, tmp_path / "only", verbose=False)["split"] == "test"


def test_an_unknown_split_is_refused(run, tmp_path):
    with pytest.raises(CatalogError, match="need one of auto, train"):
        hs.evaluate(run.model, tmp_path / "photos", split="holdout")


@pytest.mark.slow
def test_a_table_in_memory_is_trained_on_and_evaluated(make_folder, tmp_path, monkeypatch):
    import pandas as pd

    paths = sorted(make_folder(n=10).glob("*/*"))
    labels = [path.parent.name for path in paths]
    monkeypatch.chdir(tmp_path)
    run = hs.train((paths, labels), method="fixed", image_size=96, verbose=False)
    assert run.folder.resolve() == tmp_path / "runs" / "table"
    frame = pd.DataFrame({"file": paths, "label": labels})
    metrics = hs.evaluate(hs.load(run.folder), frame, split="all", verbose=False)
    assert (metrics["data"], metrics["n"] + metrics["n_seen"]) == ("table", 20)
    embedded = hs.embed(frame, tmp_path / "features.parquet", image_size=96, verbose=False)
    assert embedded.n_photos == 20


def test_photos_of_one_group_widen_the_intervals_of_an_evaluation(run, tmp_path):
    text = (run.folder / "catalog.csv").read_text()
    rows = [f"photos/{row['path']},{row['label']},anna" for row in csv.DictReader(text.splitlines())]
    (tmp_path / "others.csv").write_text("\n".join(["path,label,patient", *rows]))
    plain = hs.evaluate(run.model, run.folder / "catalog.csv", split="all", verbose=False)
    grouped = hs.evaluate(run.model, tmp_path / "others.csv", group_column="patient", verbose=False)
    assert grouped["accuracy"] == plain["accuracy"]
    assert grouped["accuracy_ci95"][0] < 0.05 < 0.5 < plain["accuracy_ci95"][0]
    assert "unused-option" not in [note["code"] for note in grouped["note_records"]]


def test_a_training_and_an_evaluation_give_the_same_intervals_for_photos_in_groups(run, tmp_path):
    text = (run.folder / "catalog.csv").read_text()
    rows = [
        f"{row['path']},{row['label']},{number // 3}" for number, row in enumerate(csv.DictReader(text.splitlines()))
    ]
    table = tmp_path / "photos" / "groups.csv"  # the paths in a run are relative to the photos
    table.write_text("\n".join(["path,label,group", *rows]))
    grouped = hs.train(  # near copies in several groups would join them
        table, out=tmp_path / "grouped", method="fixed", image_size=96, near_copies="ignore", verbose=False
    )
    judged = hs.evaluate(grouped, grouped.folder / "catalog.csv", split="test", verbose=False)
    assert judged["accuracy_ci95"] == grouped.metrics["test"]["accuracy_ci95"]
    assert judged["per_class"] == grouped.metrics["test"]["per_class"]


def test_the_accuracy_is_told_for_each_group_of_photos(run, make_folder):
    folder = make_folder("more", labels=LABELS, n=60)
    metrics = hs.evaluate(run.model, folder, split="all", group_from="0([23])[0-9].jpg", verbose=False)
    assert {row["group"]: row["n"] for row in metrics["by_group"]} == {"2": 30, "3": 30}
    assert metrics["n"] > 60  # the photos without a group are judged, too
    assert any("come from 2 groups" in text for text in metrics["notes"])
    assert hs.evaluate(run.model, folder, split="all", verbose=False)["by_group"] == []
