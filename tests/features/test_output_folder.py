"""A folder is claimed before the work and finished after it; finished folders and files of others are kept."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.manifest import Manifest, read_manifest
from headstart.catalog.source import Source
from headstart.errors import ScaleError
from headstart.features import output_folder
from headstart.features.block_embedding import make_embedding_settings
from headstart.features.output_folder import (
    LOCK,
    claim_folder,
    finish_folder,
    is_claimed,
    release_folder,
    write_alone,
)

PETS, BIRDS = Source("pets", Path("pets"), "folder"), Source("birds", Path("birds"), "folder")


@pytest.fixture(scope="module")
def settings():
    return make_embedding_settings(BackboneSetup(load_backbone(), 96, "f32"))


def finish(out, settings, *parts):
    manifest = claim_folder(PETS, out, settings, overwrite=False)
    for part in parts:
        (out / part).touch()
    whole = replace(manifest, is_complete=True, parts=parts)
    finish_folder(out, whole)
    return whole


def test_a_claim_is_seen_by_its_token_until_it_is_released(tmp_path, settings):
    manifest = claim_folder(PETS, tmp_path / "out", settings, overwrite=False)
    assert is_claimed(tmp_path / "out", manifest.token)
    assert not is_claimed(tmp_path / "out", "another")
    assert not read_manifest(tmp_path / "out").is_complete
    release_folder(tmp_path / "out", manifest)
    assert not is_claimed(tmp_path / "out", manifest.token)


def test_a_finished_folder_stays_finished_while_it_is_claimed_again(tmp_path, settings):
    whole = finish(tmp_path / "out", settings, "part-1")
    claim_folder(PETS, tmp_path / "out", settings, overwrite=False)
    assert read_manifest(tmp_path / "out") == whole


def test_finishing_deletes_our_files_that_are_not_parts(tmp_path, settings):
    finish(tmp_path, settings, "part-1")
    for name in ("part-2", "_try-x-0-0", "_here-x", ".part-3.partial-x", "mine"):
        (tmp_path / name).touch()
    finish(tmp_path, settings, "part-1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_headstart.json", "mine", "part-1"]


def test_a_folder_with_a_missing_part_is_not_finished(tmp_path, settings):
    manifest = claim_folder(PETS, tmp_path, settings, overwrite=False)
    with pytest.raises(ScaleError, match="another command has written other features"):
        finish_folder(tmp_path, replace(manifest, parts=("part-1",)))


def test_folders_with_other_things_or_other_features_are_refused(tmp_path, settings):
    (tmp_path / "full" / "photos").mkdir(parents=True)
    with pytest.raises(ScaleError, match="a folder with other things in it"):
        claim_folder(PETS, tmp_path / "full", settings, overwrite=True)
    finish(tmp_path / "out", settings, "part-1")
    with pytest.raises(ScaleError, match="with another source"):
        claim_folder(BIRDS, tmp_path / "out", settings, overwrite=False)
    claim_folder(BIRDS, tmp_path / "out", settings, overwrite=True)
    assert read_manifest(tmp_path / "out").source == "birds"


def test_a_folder_without_parts_may_be_claimed_for_another_source(tmp_path, settings):
    Manifest({}, "birds").write(tmp_path)
    assert claim_folder(PETS, tmp_path, settings, overwrite=False).source == "pets"
    assert read_manifest(tmp_path).source == "pets"


def test_a_folder_that_was_left_before_its_manifest_goes_on(tmp_path, settings):
    for name in (
        "_here-x",
        "_try-x-0-0",
        LOCK,
        "._headstart.json.partial-x",
        ".part-1.partial-x",
        "._here-x.partial-x",
    ):
        (tmp_path / name).touch()
    finish(tmp_path, settings, "part-1")
    with write_alone(tmp_path, verbose=False):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_headstart.json", "part-1"]


@pytest.mark.parametrize("name", ["part-0.parquet", "_SUCCESS", ".hidden"])
def test_files_of_other_programs_without_a_manifest_are_refused(tmp_path, settings, name):
    (tmp_path / name).touch()
    with pytest.raises(ScaleError, match="a folder with other things in it"):
        claim_folder(PETS, tmp_path, settings, overwrite=False)


def test_a_disk_that_is_full_at_the_manifest_leaves_no_claim(tmp_path, settings, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Manifest, "write", fail)
    with pytest.raises(OSError, match="No space left"):
        claim_folder(PETS, tmp_path / "out", settings, overwrite=False)
    assert list((tmp_path / "out").iterdir()) == []


def test_one_command_at_a_time_writes_and_the_next_one_names_it(tmp_path, monkeypatch):
    pytest.importorskip("fcntl")
    lines, is_waiting = [], threading.Event()
    monkeypatch.setattr(output_folder, "print_above", lambda line: (lines.append(line), is_waiting.set()))
    with ThreadPoolExecutor(1) as pool:
        with write_alone(tmp_path, verbose=True):
            second = pool.submit(_write, tmp_path)
            assert is_waiting.wait(20)
            assert not second.done()
        assert second.result(20)
    assert lines[0].startswith("Waiting: process ")
    assert lines[0].endswith(f" is writing '{tmp_path}'.")


def _write(folder):
    with write_alone(folder, verbose=True):
        return True
