"""Runs and audits that hold photos are found, with the files that name or may show them."""

import json
import shutil

import pytest

from headstart.runs.photo_traces import find_traces, list_results, list_run_photos
from headstart.runs.run_tables import read_run_photos


@pytest.fixture(scope="module")
def run(trained):
    return trained.folder


@pytest.fixture
def runs(run, tmp_path):
    """A folder of folders with a copy of the run."""
    shutil.copytree(run, tmp_path / "runs" / "pets" / "first")
    return tmp_path / "runs"


@pytest.fixture
def photo(run):
    return next(photo for photo in read_run_photos(run) if photo.split == "train")


def test_a_run_is_found_with_what_names_and_may_show_the_photo(runs, photo):
    (runs / "pets" / "first" / "figures" / "forecast.png").touch()  # a chart, which the run may be too small for
    (runs / "pets" / "first" / "figures" / "strangers.png").touch()  # of generated images
    traces, problems = find_traces(list_results([runs, runs / "pets"]), {photo.digest: (), "ff" * 32: ()})
    (trace,) = traces
    assert problems == []
    assert trace.folder == runs / "pets" / "first"
    assert trace.count_splits() == {"train": 1}
    assert trace.photos == ({"digest": photo.digest, "path": photo.file, "label": photo.label, "split": "train"},)
    assert {"catalog.csv", "predictions.csv", "model.onnx"} <= set(trace.naming)
    assert "history.csv" not in trace.naming
    assert "report.html" in trace.showing
    assert any(name.startswith("figures/") for name in trace.showing)
    assert not any(chart in name for name in trace.showing for chart in ("confusion", "forecast", "strangers"))
    assert trace.to_dict()["kind"] == "run"


def test_a_run_without_the_photo_is_no_trace(runs):
    assert find_traces(list_results([runs]), {"ff" * 32: ()}) == ([], [])


def test_a_longer_path_is_not_taken_for_the_photo(runs, photo):
    folder = runs / "pets" / "first"
    for name in ("notes.json", "near_copies.csv"):
        (folder / name).write_text(f'["x{photo.file}", "{photo.file}.png", "-{photo.file}"]')
    (folder / "README.md").write_text(f"One is `{photo.file}`.")
    ((trace,), _) = find_traces(list_results([runs]), {photo.digest: ()})
    assert "README.md" in trace.naming
    assert not {"notes.json", "near_copies.csv"} & set(trace.naming)


def test_an_audit_is_found_by_the_digest(runs, photo):
    folder = runs / "audits" / "pets"
    folder.mkdir(parents=True)
    (folder / "audit.json").write_text("{}")
    (folder / "audit.html").write_text(f'{{"digest": "{photo.digest}"}}')
    traces, _ = find_traces(list_results([runs / "audits"]), {photo.digest: ()})
    assert [(trace.kind, trace.naming, trace.showing) for trace in traces] == [
        ("audit", ("audit.html",), ("audit.html",))
    ]
    assert find_traces(list_results([runs / "audits"]), {"ff" * 32: ()}) == ([], [])


def test_a_damaged_run_is_said_and_the_others_are_searched(runs, photo):
    shutil.copytree(runs / "pets" / "first", runs / "pets" / "second")
    (runs / "pets" / "first" / "catalog.csv").write_text("nonsense")
    traces, problems = find_traces(list_results([runs]), {photo.digest: ()})
    assert [trace.folder.name for trace in traces] == ["second"]
    (problem,) = problems
    assert "first' was not searched: Cannot read" in problem
    assert dict(list_run_photos(list_results([runs])))  # the damaged one is left out


def test_a_classifier_that_cannot_be_read_says_nothing(runs, photo):
    (runs / "pets" / "first" / "model.onnx").write_bytes(b"")
    ((trace,), problems) = find_traces(list_results([runs]), {photo.digest: ()})
    assert "model.onnx" not in trace.naming
    assert problems == []


def test_photos_of_runs_are_listed_with_the_paths_that_they_had(runs, run, photo):
    listed = dict(list_run_photos(list_results([runs])))
    assert len(listed) == len(read_run_photos(run))
    (path,) = [path for path, digest in listed.items() if digest == photo.digest]
    assert path.endswith(photo.file)
    assert path.startswith("/")


def test_a_table_of_an_audit_is_found_by_the_path_as_the_audit_has_it(runs, photo):
    folder = runs / "audits" / "pets"
    folder.mkdir(parents=True)
    finding = {"photos": ["pets/1.jpg", "pets/2.jpg"], "digests": [photo.digest, "ee" * 32]}
    (folder / "audit.json").write_text(json.dumps({"findings": [finding]}))
    (folder / "findings.csv").write_text("rank,path\n1,pets/1.jpg\n")
    ((trace,), _) = find_traces(list_results([runs / "audits"]), {photo.digest: ()})
    assert trace.naming == ("audit.json", "findings.csv")
    ((trace,), _) = find_traces(list_results([runs / "audits"]), {"ee" * 32: ()})
    assert trace.naming == ("audit.json",)


def test_a_run_that_lost_its_catalog_is_searched_by_its_other_files(runs, photo):
    folder = runs / "pets" / "first"
    place = json.loads((folder / "run.json").read_text())["photos"]["folder"]
    (folder / "catalog.csv").unlink()
    traces, problems = find_traces(list_results([runs]), {photo.digest: [f"{place}/{photo.file}"], "ff" * 32: ()})
    ((trace,), (problem,)) = traces, problems
    assert (trace.kind, trace.list_digests()) == ("run without catalog.csv", [photo.digest])
    assert {"predictions.csv", "model.onnx"} <= set(trace.naming)
    assert "report.html" in trace.showing
    assert "first' has no catalog.csv: its other files were searched" in problem
    (folder / "metrics.json").unlink()
    ((trace,), _) = find_traces(list_results([runs]), {photo.digest: ()})  # the classifier knows the digest
    assert trace.naming == ("model.onnx",)
    assert find_traces(list_results([runs]), {"ff" * 32: ()})[0] == []


def test_runs_below_a_folder_with_a_classifier_are_found(runs):
    shutil.copy(runs / "pets" / "first" / "model.onnx", runs)
    assert [folder for folder, _ in list_results([runs])] == [runs, runs / "pets" / "first"]
