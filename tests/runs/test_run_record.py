"""run.json says how a run was made, and with it the paths of its tables are found."""

import json
import shutil

import pytest

import headstart as hs
from headstart.classifier.file import read_classifier
from headstart.errors import CatalogError, RunError
from headstart.runs.run_record import hash_catalog, read_record
from headstart.runs.tracked_run import read_tracked_run


def train(photos, out, **settings):
    return hs.train(photos, out=out, image_size=96, method="fixed", verbose=False, **settings)


@pytest.fixture(scope="module")
def made(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("record")
    return train(paint_folder(base / "photos", n=14), base / "run", strength=1.0)


@pytest.fixture
def run(made, tmp_path):
    """A copy of the run and of its photos; the photos it names are the first ones."""
    return hs.Run(shutil.copytree(made.folder, tmp_path / "run"))


def test_it_has_settings_versions_machine_and_digests(made):
    record = read_record(made.folder)
    chosen = {"features": "last", "head": "logistic"}  # by cross-validation; asked was for a choice
    assert record["settings"]["asked"] | chosen == record["settings"]["used"]
    assert {record["settings"]["asked"][name] for name in chosen} == {"auto"}
    assert record["settings"]["used"].items() >= {"method": "fixed", "strength": 1.0, "seed": 0}.items()
    assert record["arguments"]["photos"] == record["photos"]["folder"] == str(made.folder.parent / "photos")
    assert record["command"] is None
    assert record["versions"]["headstart"] == hs.__version__
    assert record["machine"]["arithmetic"] == made.metrics["precision"]
    shares = {"train": 70, "validation": 15, "test": 15}
    assert record["split"] == {"seed": 0, "pool": None, "shares": shares, "group_kind": "group"}
    assert record["digests"]["model"] == read_classifier(made.folder).digest
    assert {len(digest) for digest in record["digests"].values()} == {64}


def test_a_method_that_was_chosen_is_recorded_beside_auto(make_folder, tmp_path):
    run = hs.train(make_folder(n=10), out=tmp_path / "run", image_size=96, verbose=False)
    settings = read_record(run.folder)["settings"]
    assert (settings["asked"]["method"], settings["used"]["method"]) == ("auto", run.metrics["method"])


def test_the_same_training_has_the_same_digests(made, tmp_path):
    again = train(made.folder.parent / "photos", tmp_path / "again", strength=1.0)
    assert read_record(again.folder)["digests"] == read_record(made.folder)["digests"]
    other = read_record(train(made.folder.parent / "photos", tmp_path / "other", strength=2.0).folder)["digests"]
    same = {name for name, digest in read_record(made.folder)["digests"].items() if digest == other[name]}
    assert same == {"catalog", "features"}


def test_trackers_get_the_digest_of_the_catalog_and_the_folder(made):
    tags = read_tracked_run(made.folder).tags
    record = read_record(made.folder)
    assert tags["headstart.catalog_sha256"] == record["digests"]["catalog"]
    assert tags["headstart.photos"] == record["photos"]["folder"]
    catalog = hs.scan(made.folder / "catalog.csv")
    assert hash_catalog(catalog) == record["digests"]["catalog"]


def test_paths_are_relative_and_the_catalog_is_read_from_any_folder(made, run, tmp_path, monkeypatch):
    lines = (run.folder / "catalog.csv").read_text().splitlines()
    assert lines[1].startswith(("dots/", "stripes/"))
    monkeypatch.chdir(tmp_path)
    first = made.folder.parent / "photos" / "dots" / "000.jpg"
    assert hs.scan("run/catalog.csv").photos[0].path == first
    assert str(first) in set(run.predictions["path"])
    assert hs.evaluate(run, "run/catalog.csv", verbose=False)["n"] == made.metrics["test"]["n"]


def test_photos_that_moved_are_found_in_the_working_folder(run, tmp_path, monkeypatch):
    record = json.loads((run.folder / "run.json").read_text())
    photos = shutil.copytree(record["photos"]["folder"], tmp_path / "moved")
    record["photos"]["folder"] = str(tmp_path / "before")
    (run.folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(CatalogError, match=rf"in '{tmp_path}/before', where they lay .* working folder '.*'\. Work in"):
        hs.scan(run.folder / "catalog.csv")
    monkeypatch.chdir(photos)
    found = hs.scan(run.folder / "catalog.csv")
    assert found.photos[0].path == photos / "dots" / "000.jpg"
    assert hs.evaluate(run, run.folder / "catalog.csv", verbose=False)["n"] == run.metrics["test"]["n"]


def test_a_run_without_it_is_named(run):
    (run.folder / "run.json").unlink()
    with pytest.raises(RunError, match=r"got no run\.json, need one\. Earlier versions"):
        read_record(run.folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1, "settings": 3}', '{"schema": "x"}'])
def test_a_damaged_one_is_named(run, text):
    (run.folder / "run.json").write_text(text)
    with pytest.raises(RunError, match=r"run\.json': got a damaged or edited file"):
        read_record(run.folder)


def test_one_of_a_newer_version_is_named(run):
    record = json.loads((run.folder / "run.json").read_text())
    (run.folder / "run.json").write_text(json.dumps(record | {"schema": 2}))
    with pytest.raises(RunError, match=r"got schema 2, need 1 or less\. Update"):
        read_record(run.folder)
