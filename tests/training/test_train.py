"""A whole training on small painted photos: complete, repeatable, and careful with what it is given."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import headstart as hs
from headstart.errors import CatalogError, FitError, RunError
from headstart.methods import head_fitting

FILES = {
    "README.md",
    "catalog.csv",
    "figures",
    "history.csv",
    "metrics.json",
    "near_copies.csv",
    "notes.json",
    "model.onnx",
    "predictions.csv",
    "report.html",
    "run.json",
}
TIMES = ("seconds", "n_extracted", "n_cached")


def without_times(metrics):
    tried = [{**trial, "seconds": None} for trial in metrics["auto"]["tried"]]
    kept = {key: value for key, value in metrics.items() if key not in TIMES}
    kept["candidates"] = [{key: one[key] for key in one if key not in TIMES} for one in kept["candidates"]]
    return kept | {"auto": metrics["auto"] | {"tried": tried}}


def train(folder, out, **options):
    return hs.train(folder, out=out, image_size=96, verbose=False, **options)


@pytest.fixture
def run(make_folder, tmp_path):
    return train(make_folder(), tmp_path / "run")


def test_a_run_folder_has_all_its_files(run):
    assert {path.name for path in run.folder.iterdir()} == FILES
    assert run.metrics["test"]["accuracy"] > 0.8
    assert run.metrics["schema"] == 1
    assert {path.stem for path in (run.folder / "figures").iterdir()} >= {
        "confusion_matrix", "history", "per_class", "predictions", "reliability", "training_photos", "views",
    }  # fmt: skip
    assert list(run.history.columns) == ["Data", "Epoch", "Accuracy", "Loss"]
    assert set(run.history["Data"]) == {"Training", "Validation"}
    assert len(run.predictions) == 40
    assert "test photos" in run.verdict
    assert "report.html" in repr(run)
    assert run.summary() == f"{run.verdict}\n\n{run.model.summary()}"
    assert "<h2>Network</h2>" in run.report.read_text(encoding="utf-8")


def test_a_share_to_find_becomes_a_threshold_inside_the_file(make_folder, tmp_path):
    run = train(make_folder(), tmp_path / "run", find=0.9, of="stripes")
    (record,) = run.metrics["working_points"]
    decision = hs.load(run).metadata.decision
    assert (decision.label, decision.threshold, decision.find) == ("stripes", record["threshold"], 0.9)
    assert record["judged_by"] == "cross-validation"
    assert record["n_positive"] + record["n_negative"] == sum(run.metrics[s]["n"] for s in ("train", "validation"))
    assert record["test"]["n_positive"] + record["test"]["n_negative"] == run.metrics["test"]["n"]
    assert record["recall"] >= 0.9
    assert set(run.predictions["answer"]) == {"dots", "stripes"}
    (evaluated,) = hs.evaluate(run, run.folder / "catalog.csv", split="test", verbose=False)["working_points"]
    assert evaluated == record["test"]
    assert "Working point" in run.report.read_text()


def test_costs_are_kept_inside_the_file_and_wrong_classes_end_before_the_training(make_folder, tmp_path):
    folder = make_folder()
    run = train(folder, tmp_path / "run", cost="stripes:dots=20", method="fixed")
    assert hs.load(run).metadata.decision.costs[0].cost == 20.0
    (record,) = run.metrics["working_points"]
    assert record["mean_cost"] < 0.2  # a costly mistake in 34 photos would cost 0.6
    with pytest.raises(FitError, match=r"got the class 'stripe' to find \(did you mean 'stripes'\?\)"):
        train(folder, tmp_path / "other", find=0.9, of="stripe")
    assert not (tmp_path / "other").exists()


def test_a_class_with_the_name_of_a_refusal_ends_before_the_training(make_folder, tmp_path):
    folder = make_folder()
    (folder / "dots").rename(folder / "None of these")
    with pytest.raises(FitError, match=r"Cannot train a class named 'None of these'.*Call the class 'other'"):
        train(folder, tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers_cached_or_not(run, tmp_path):
    cached = train(tmp_path / "photos", tmp_path / "again")
    fresh = train(tmp_path / "photos", tmp_path / "fresh", cache=False)
    assert cached.metrics["n_extracted"] == 0
    assert fresh.metrics["n_cached"] == 0
    assert without_times(cached.metrics) == without_times(run.metrics) == without_times(fresh.metrics)
    models = {hashlib.sha256((r.folder / "model.onnx").read_bytes()).hexdigest() for r in (run, cached, fresh)}
    assert len(models) == 1
    other = train(tmp_path / "photos", tmp_path / "other", seed=1)
    assert without_times(other.metrics) != without_times(run.metrics)


def test_training_on_its_catalog_again_gives_the_same_split(run, tmp_path):
    again = train(run.folder / "catalog.csv", tmp_path / "again", seed=5)
    splits = [{row["path"]: row["split"] for row in _read_predictions(r)} for r in (run, again)]
    assert splits[0] == splits[1]
    assert again.metrics["test"] == run.metrics["test"]


def test_the_classifier_predicts_what_the_predictions_table_says(run, tmp_path):
    rows = [row for row in _read_predictions(run) if row["split"] == "test"]  # the others are those of the first fit
    assert len(rows) > 3
    for row in rows:
        answer = run.model.predict(tmp_path / "photos" / row["path"])
        assert answer.label == row["prediction"]
        assert answer.probability == pytest.approx(float(row["probability"]), abs=1e-5)


def test_broken_photos_are_skipped_by_name_and_photos_never_changed(make_folder, tmp_path):
    folder = make_folder()
    whole = (folder / "dots" / "000.jpg").read_bytes()
    (folder / "dots" / "truncated.jpg").write_bytes(whole[:400])
    (folder / "dots" / "empty.jpg").write_bytes(b"")
    before = {path: path.read_bytes() for path in folder.rglob("*.jpg")}
    run = train(folder, tmp_path / "run")
    reasons = {skip["path"].rsplit("/", 1)[1]: skip["reason"] for skip in run.metrics["skipped"]}
    assert set(reasons) == {"truncated.jpg", "empty.jpg"}
    assert "cannot be decoded" in reasons["truncated.jpg"]
    assert {path: path.read_bytes() for path in folder.rglob("*.jpg")} == before
    assert "truncated.jpg" in run.report.read_text(encoding="utf-8")


def test_a_class_without_a_photo_that_decodes_is_an_error_and_no_folder_is_left(make_folder, tmp_path):
    folder = make_folder()
    for path in (folder / "dots").iterdir():
        path.write_bytes(path.read_bytes()[:350])
    with pytest.raises(CatalogError, match=r"got 1 class with photos that can be decoded"):
        train(folder, tmp_path / "run")
    assert {path.name for path in tmp_path.iterdir()} == {"photos"}


def test_an_existing_run_is_replaced_only_if_told(run, tmp_path):
    with pytest.raises(RunError, match="exists already"):
        train(tmp_path / "photos", run.folder)
    assert train(tmp_path / "photos", run.folder, overwrite=True).metrics["test"] == run.metrics["test"]


@pytest.mark.slow
def test_int8_is_recorded_and_answers_as_the_report_says(make_folder, tmp_path):
    runs = [train(make_folder(), tmp_path / "run", precision="int8")]
    runs.append(train(tmp_path / "photos", tmp_path / "again", precision="int8"))
    assert runs[0].metrics["precision"] == "int8"
    assert runs[0].metrics["n_extracted"] == 40  # no row of another arithmetic was taken from the cache
    assert runs[1].metrics["n_cached"] == 40
    files = [(run.folder / "model.onnx").read_bytes() for run in runs]
    assert files[0] == files[1]
    assert len(files[0]) < 3_500_000
    for precision in ("auto", "f32"):
        model = hs.load(runs[0].folder, precision=precision)
        assert model.precision == model.metadata.precision == "int8"
        for row in (row for row in _read_predictions(runs[0]) if row["split"] == "test"):
            answer = model.predict(tmp_path / "photos" / row["path"])
            assert answer.label == row["prediction"]
            assert answer.probability == pytest.approx(float(row["probability"]), abs=1e-5)


def test_adam_and_views(make_folder, tmp_path):
    run = train(make_folder(), tmp_path / "run", head="adam", epochs=4, n_views=2)
    assert run.metrics["head"] == "adam"
    assert run.metrics["strength"] is None
    assert run.metrics["cross_validation"] is None
    assert sorted(set(run.history["Epoch"])) == [1, 2, 3, 4]
    assert run.metrics["n_extracted"] + run.metrics["n_cached"] == 40 + 28


def test_views_of_the_default_head(make_folder, tmp_path):
    run = train(make_folder(), tmp_path / "run", n_views=3)
    assert run.metrics["views"] == 3
    assert run.metrics["test"]["accuracy"] > 0.8


@pytest.mark.slow
def test_sample_weights_of_a_csv_are_honoured(make_folder, tmp_path):
    folder = make_folder()
    tables = []
    for weight in ("1", "0.001"):
        table = tmp_path / f"weights{weight}.csv"
        with table.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "label", "weight"])
            for path in sorted(folder.rglob("*.jpg")):
                writer.writerow([path, path.parent.name, weight if path.parent.name == "dots" else "1"])
        tables.append(train(table, tmp_path / f"run{weight}", class_weight="none", strength=0.001))
    means = [run.predictions["probability of dots"].mean() for run in tables]
    assert means[1] < means[0] - 0.1


def test_metrics_are_strict_json(run):
    def refuse(text):
        raise AssertionError(text)

    json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"), parse_constant=refuse)


def test_wrong_settings_are_all_named_at_once(tmp_path):
    with pytest.raises(FitError, match=r"method 'magic'.*head 'x'.*epochs 0.*seed -1.*strength -1"):
        hs.train(tmp_path, method="magic", head="x", epochs=0, seed=-1, strength=-1)
    with pytest.raises(FitError, match="unexpected keyword argument 'learning_rates'"):
        hs.train(tmp_path, learning_rates=1)


def test_probabilities_of_a_run_are_the_head_s(run):
    table = run.predictions
    columns = [column for column in table if column.startswith("probability of ")]
    np.testing.assert_allclose(table[columns].sum(axis=1), 1, atol=1e-4)


def _read_predictions(run):
    with (run.folder / "predictions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_is_not_written_into_a_store(make_folder):
    with pytest.raises(RunError, match="need a folder on this machine"):
        hs.train(make_folder(n=2), out="s3://bucket/run")


def test_features_too_large_for_memory_are_trained_on_in_passes(make_folder, tmp_path, monkeypatch):
    options = {"method": "fixed", "image_size": 96, "verbose": False}
    folder = make_folder(n=20)
    plain = hs.train(folder, out=tmp_path / "plain", **options).metrics
    monkeypatch.setattr(head_fitting, "STREAMED_BYTES", 0)
    streamed = hs.train(folder, out=tmp_path / "streamed", **options).metrics
    assert streamed["test"]["accuracy"] == plain["test"]["accuracy"]
    assert streamed["strength"]["chosen"] == plain["strength"]["chosen"]
    assert streamed["cross_validation"] is None
    assert (tmp_path / "streamed" / "report.html").exists()


def test_thousands_of_classes_are_not_cross_validated(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.methods.out_of_fold.MAX_SCORES", 60)  # 2 classes, 34 training and validation photos
    run = hs.train(make_folder(n=20), out=tmp_path / "run", method="fixed", image_size=96, verbose=False)
    assert run.metrics["cross_validation"] is None


def test_the_spin_of_threads_is_limited_before_the_backbone_is_loaded(make_folder, monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr("headstart.training.train.limit_spinning", lambda: called.append("limit"))
    monkeypatch.setattr("headstart.training.train._load_setup", lambda settings: called.append("load") or 1 / 0)
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        hs.train(make_folder(n=2), out=tmp_path / "run", method="fixed", verbose=False)
    assert called == ["limit", "load"]


def test_most_labels_that_were_planted_wrong_are_mentioned(make_folder, tmp_path):
    folder = make_folder(n=200)
    planted = set()
    for label, other in (("dots", "stripes"), ("stripes", "dots")):
        for number in range(0, 200, 10):
            planted.add(str(folder / other / f"{label}-{number:03}.jpg"))
            (folder / label / f"{number:03}.jpg").rename(folder / other / f"{label}-{number:03}.jpg")
    run = train(folder, tmp_path / "run", method="fixed")
    record = run.metrics["photos_to_look_at"]
    assert record["n_judged"] == 400
    assert record["labels_that_look_wrong"] == pytest.approx(40, rel=1 / 3)
    assert record["counts"]["wrong_label"] == pytest.approx(40, rel=0.4)
    assert sum(finding["photos"][0] in planted for finding in record["first"]) >= 8
    assert "of the 400 labels look wrong: headstart audit " in run.verdict
    assert "<h2>Photos to look at</h2>" in run.report.read_text(encoding="utf-8")
    assert (run.folder / "figures" / "photos_to_look_at.png").is_file()


def test_the_labels_of_held_out_photos_are_judged_without_cross_validation(make_folder, tmp_path):
    run = train(make_folder(), tmp_path / "run", head="adam", method="fixed")
    held = run.metrics["validation"]["n"] + run.metrics["test"]["n"]
    assert run.metrics["photos_to_look_at"]["n_judged"] == held


def test_several_sources_give_one_run_that_can_be_replayed(make_folder, tmp_path, monkeypatch):
    photos, more = make_folder(n=14), make_folder("more", ("rings",), n=14)
    table = tmp_path / "more.csv"
    table.write_text("path,label\n" + "".join(f"more/rings/{n:03}.jpg,rings\n" for n in range(14)))
    monkeypatch.chdir(tmp_path)
    run = hs.train(["photos", "more.csv"], image_size=96, verbose=False)
    assert run.folder == Path("runs/photos+more")
    assert run.metrics["classes"] == ["dots", "rings", "stripes"]
    assert run.metrics["photos_to_look_at"]["source"] == "runs/photos+more/catalog.csv"
    record = json.loads((run.folder / "run.json").read_text())
    assert record["photos"] == {
        "source": "photos + more.csv", "sources": ["photos", "more.csv"], "working_folder": str(tmp_path),
        "folder": str(tmp_path), "n": 42,
    }  # fmt: skip
    assert record["arguments"]["photos"] == ["photos", "more.csv"]
    assert "<title>photos + more" in run.report.read_text()
    shutil.move(more, tmp_path / "moved")
    assert hs.replay(run, out="again", verbose=False)["is_same"]
    assert "<title>photos + more" in hs.Run("again").report.read_text()
    assert hs.evaluate(run, [photos, tmp_path / "moved"], split="all", verbose=False)["n_seen"] == 36
    for place in (photos, tmp_path / "moved"):
        with pytest.raises(RunError, match="it lies inside the folder of photos"):
            hs.train([photos, tmp_path / "moved"], out=place / "run", verbose=False)
    with pytest.raises(CatalogError, match="Cannot train on a Ray cluster on 2 sources"):
        hs.train([photos, tmp_path / "moved"], ray="local", verbose=False)
