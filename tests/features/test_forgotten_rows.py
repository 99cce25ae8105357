"""All rows of a photo are removed, those of others stay."""

import os

import numpy as np
import pytest

from headstart.features import forgotten_rows
from headstart.features.cache_key import join_key
from headstart.features.feature_cache import FILE_NAME, TABLES, FeatureCache
from headstart.features.forgotten_rows import forget_features

DIGESTS = [f"{n:064x}" for n in range(40)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def values():
    """Bytes by digest and table, in two views."""
    made = {}
    with FeatureCache() as cache:
        for digest in DIGESTS:
            for view in ("one", "two"):
                made[digest, "features", view] = os.urandom(5120)
                key = join_key(digest, view)
                cache.put_many({key: np.frombuffer(made[digest, "features", view], "<f4")})
                for table in TABLES[1:]:
                    made[digest, table, view] = os.urandom(64)
                    cache.put_rows(table, {key: made[digest, table, view]})
    return made


def forget(digests):
    said = []
    removals, counts = forget_features(digests, said.append)
    return {removal.store: removal for removal in removals}, counts, said


def test_rows_of_any_view_are_removed_from_all_tables(folder, values):
    removals, counts, said = forget([DIGESTS[3], DIGESTS[7], "ff" * 32])
    assert counts[DIGESTS[3]] == counts[DIGESTS[7]] == dict.fromkeys(TABLES, 2)
    assert counts["ff" * 32] == dict.fromkeys(TABLES, 0)
    assert removals["features"].n_items == 4
    assert removals["features"].n_bytes == 4 * 5120
    assert not any(removal.problems for removal in removals.values())
    assert said == []
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    for (digest, _, _), value in values.items():
        for start in range(0, len(value), 32):  # rows of features continue on other pages
            if digest in (DIGESTS[3], DIGESTS[7]):
                assert value[start : start + 32] not in content
    with FeatureCache() as cache:
        assert cache.count() == 2 * (len(DIGESTS) - 2)
        for digest in DIGESTS[:3]:
            key = join_key(digest, "one")
            assert cache.get_many([key])[key].tobytes() == values[digest, "features", "one"]
            assert cache.get_rows("measures", [key])[key] == values[digest, "measures", "one"]


def test_without_a_cache_nothing_is_removed_and_none_is_made(folder):
    removals, counts, _ = forget(DIGESTS)
    assert not any(removal.n_items or removal.problems for removal in removals.values())
    assert counts == {}
    assert list(folder.iterdir()) == []


def test_a_large_file_is_announced(values, monkeypatch):
    monkeypatch.setattr(forgotten_rows, "LARGE_BYTES", 100_000)
    assert forget(DIGESTS[:1])[2] == ["Writing the cache of features anew (0.0 GB) ..."]


def test_a_cache_that_is_open_is_a_problem_and_can_be_used(values):
    with FeatureCache() as cache:
        assert cache.count() == 2 * len(DIGESTS)
        removals, _, _ = forget(DIGESTS[:1])
        assert all("has it open" in removal.problems[0] for removal in removals.values())
        assert cache.count() == 2 * len(DIGESTS) - 2
    assert not forget(DIGESTS[:1])[0]["features"].problems


def test_a_damaged_cache_is_deleted(folder, values):
    path = folder / FILE_NAME
    path.write_bytes(path.read_bytes()[:4096] + b"\xee" * 50_000)
    removals, _, _ = forget(DIGESTS[:1])
    assert removals["features"].what == "all rows, of all photos: the file is damaged"
    assert removals["features"].problems == []
    assert not path.exists()


def test_a_file_of_another_program_is_left_alone(folder):
    (folder / FILE_NAME).write_bytes(b"theirs")
    assert forget(DIGESTS)[0]["features"].problems == []
    assert (folder / FILE_NAME).read_bytes() == b"theirs"
