"""No byte of a forgotten photo is in the cache, those of others stay, and no more is claimed than is so."""

import hashlib
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

import headstart as hs
from headstart.errors import CacheError, CatalogError
from headstart.features import activations
from headstart.features.cache_key import HASH_BYTES, mark_photo
from headstart.features.feature_cache import FILE_NAME, TABLES, FeatureCache
from headstart.storage import digest_cache
from headstart.storage.result_cache import keep_result, name_result
from headstart.training import forget


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(digest_cache, "SETTLED_S", 0.0)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


@pytest.fixture
def photos(cache, make_folder):
    return sorted(make_folder(n=14).rglob("*.*"))


@pytest.fixture
def run(photos):
    return hs.train(photos[0].parent.parent, method="fixed", image_size=96, verbose=False)


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def list_rows(cache, digest):
    """Return the values of all rows of a photo."""
    mark = mark_photo(digest)
    connection = sqlite3.connect(cache / FILE_NAME)
    rows = []
    for table in TABLES:
        query = f"SELECT value FROM {table} WHERE key BETWEEN ? AND ?"  # noqa: S608
        rows += [value for (value,) in connection.execute(query, (mark, mark + b"\xff" * HASH_BYTES))]
    connection.close()
    return rows


def find_pieces(value):
    """Yield pieces of a row that no other row has: not a run of zeros."""
    for start in range(0, len(value) - 31, 32):
        piece = value[start : start + 32]
        if len(set(piece)) > 12:
            yield piece


def read_all(cache):
    return b"\0\0".join(path.read_bytes() for path in sorted(cache.rglob("*")) if path.is_file())


def check_gone(cache, path, digest, rows):
    content = read_all(cache)
    for text in (digest, digest.upper(), str(path), f"{path.parent.name}/{path.name}"):
        assert text.encode() not in content
    assert bytes.fromhex(digest)[:8] not in content
    assert mark_photo(digest) not in content
    assert mark_photo(digest).hex().encode() not in content
    pieces = [piece for row in rows for piece in find_pieces(row)]
    assert len(pieces) > 50
    assert not [piece for piece in pieces if piece in content]


def test_no_byte_of_a_photo_stays_and_others_stay(cache, photos, run):
    gone, kept = photos[3], photos[4]
    digest, kept_digest = digest_of(gone), digest_of(kept)
    kept_rows, rows = list_rows(cache, kept_digest), list_rows(cache, digest)
    assert len(rows) >= 3  # features, a thumbnail and measures
    before = read_all(cache)
    assert any(piece in before for piece in find_pieces(rows[0]))
    keep_result(name_result("heat maps", digest), rows[0])
    forgotten = hs.forget(gone, verbose=False)
    assert forgotten.is_complete
    assert forgotten.was_cached
    check_gone(cache, gone, digest, rows)
    assert list_rows(cache, kept_digest) == kept_rows
    assert gone.exists()
    record = forgotten.to_dict()
    assert record["photos"] == [
        {"digest": digest, "paths": [str(gone)], "digest_from": ["file"], "removed_rows": dict.fromkeys(TABLES, 1)
         | {"features": sum(len(row) > 3000 for row in rows)}, "removed_paths": [str(gone)],
         "runs": [str(run.folder)], "files": []}
    ]  # fmt: skip
    assert [trace["folder"] for trace in record["runs"]] == ["runs/photos"]


@pytest.mark.slow
def test_all_photos_of_a_run_are_forgotten_by_its_catalog(cache, photos, run):
    rows = {path: list_rows(cache, digest_of(path)) for path in photos}
    forgotten = hs.forget(lists=[run.folder / "catalog.csv"], verbose=False)
    assert forgotten.n_photos == len(photos)
    assert {len(trace.list_digests()) for trace in forgotten.traces} == {len(photos)}
    for path in photos[::7]:
        check_gone(cache, path, digest_of(path), rows[path])
    with FeatureCache() as store:
        assert not any(list_rows(cache, digest_of(path)) for path in photos)
        assert store.count() > 0  # strangers of the novelty test, which headstart makes itself


@pytest.mark.slow
def test_activations_checkpoints_and_audits_hold_it_no_more(cache, photos):
    pytest.importorskip("torch")
    folder = photos[0].parent.parent
    hs.train(folder, method="hybrid", epochs=1, image_size=96, verbose=False)
    hs.audit(folder, image_size=96, verbose=False)
    gone = photos[5]
    digest = digest_of(gone)
    rows = list_rows(cache, digest)
    assert list((cache / activations.FOLDER).iterdir())
    forgotten = hs.forget(gone, verbose=False)
    assert {removal.store: removal.n_items for removal in forgotten.removals}["activations"] == 1
    check_gone(cache, gone, digest, rows)
    assert list((cache / activations.FOLDER).iterdir()) == []


@pytest.mark.slow
def test_a_training_after_it_gives_the_same_model(cache, photos, run):
    hs.forget(photos[3], verbose=False)
    again = hs.train(photos[0].parent.parent, out="again", method="fixed", image_size=96, verbose=False)
    assert (again.folder / "model.onnx").read_bytes() == (run.folder / "model.onnx").read_bytes()


@pytest.mark.slow
def test_a_file_that_is_gone_is_forgotten_by_its_path(cache, photos, run):
    digest = digest_of(photos[3])
    rows = list_rows(cache, digest)
    photos[3].unlink()
    forgotten = hs.forget(photos[3], verbose=False)
    assert [(photo.digest, photo.source) for photo in forgotten.photos] == [(digest, "cache")]
    check_gone(cache, photos[3], digest, rows)
    again = hs.forget(photos[3], verbose=False)  # the cache does not know it any more, the run does
    assert [(photo.digest, photo.source) for photo in again.photos] == [(digest, "run")]
    assert not again.was_cached


def test_what_was_never_cached_is_a_result(cache, photos):
    forgotten = hs.forget(photos[0], verbose=False)
    assert forgotten.is_complete
    assert not forgotten.was_cached
    assert not cache.exists()


@pytest.mark.slow
def test_a_cache_that_another_has_open_is_not_complete(cache, photos, run):
    with FeatureCache() as store:
        assert store.count() > 0
        forgotten = hs.forget(photos[0], verbose=False)
        assert not forgotten.is_complete
        assert forgotten.problems[0].startswith("features: another program has it open")
        store.put_many({b"k": np.zeros(3, np.float32)})  # it goes on
    assert hs.forget(photos[0], verbose=False).is_complete


@pytest.mark.slow
def test_files_of_others_in_the_cache_are_named(cache, photos, run):
    (cache / "notes.txt").write_text("mine")
    assert hs.forget(photos[0], verbose=False).unknown == ("notes.txt",)
    assert (cache / "notes.txt").exists()


@pytest.mark.slow
def test_all_entries_of_a_used_cache_are_known(cache, photos, run):
    assert hs.forget(photos[0], verbose=False).unknown == ()


@pytest.mark.slow
def test_a_wrong_photo_removes_nothing(cache, photos, run):
    rows = list_rows(cache, digest_of(photos[0]))
    with pytest.raises(CatalogError, match="Nothing was removed"):
        hs.forget([photos[0], "no.jpg"], verbose=False)
    assert list_rows(cache, digest_of(photos[0])) == rows


def test_a_folder_of_runs_must_be_there(cache, photos):
    with pytest.raises(CatalogError, match="Cannot search runs: got 'no', need folders"):
        hs.forget(photos[0], runs=["no"], verbose=False)
    with pytest.raises(CatalogError, match="got 'no', need folders"):
        hs.forget(photos[0], runs="no", verbose=False)
    with pytest.raises(CatalogError, match=r"Cannot read the list 'no\.txt'"):
        hs.forget(lists="no.txt", verbose=False)


@pytest.mark.slow
def test_a_statement_that_cannot_be_written_stops_at_once(cache, photos, run):
    Path("old.json").write_text("{}")
    rows = list_rows(cache, digest_of(photos[0]))
    with pytest.raises(CacheError, match=r"Cannot write 'old\.json'.*Nothing was removed"):
        hs.forget(photos[0], out="old.json", verbose=False)
    assert list_rows(cache, digest_of(photos[0])) == rows


@pytest.mark.slow
def test_files_beside_the_runs_are_found_also_for_a_copy_of_the_photo(cache, photos, run, tmp_path):
    folder = photos[0].parent.parent
    Path("runs/answers.csv").write_text(f"path,label\n{photos[0].relative_to(tmp_path)},cats\n")
    copy = tmp_path / "copy.png"
    copy.write_bytes(photos[0].read_bytes())
    again = hs.train(run.folder, forget=[digest_of(photos[0])], verbose=False)
    forgotten = hs.forget(copy, verbose=False)
    assert [str(trace.path) for trace in forgotten.files] == ["runs/answers.csv", f"{again.folder}/run.json"]
    assert [str(trace.folder) for trace in forgotten.traces] == [str(run.folder)]
    assert folder.exists()


def test_a_removal_that_is_stopped_leaves_a_statement_that_says_so(cache, photos, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(forget, "_remove", stop)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        hs.forget(photos[0], out="s.json", verbose=False)
    record = json.loads(Path("s.json").read_text())
    assert (record["is_finished"], record["is_complete"]) == (False, False)
    assert [photo["digest"] for photo in record["photos"]] == [digest_of(photos[0])]


@pytest.mark.parametrize(("given", "name"), [(None, "photos"), (5, "lists"), ([None], "runs")])
def test_what_is_no_path_is_one_sentence(cache, given, name):
    with pytest.raises(CatalogError, match=rf"got '(None|5)' as {name}, need paths\. Nothing was removed"):
        hs.forget(**({"photos": "0a" * 32} | {name: given}))
