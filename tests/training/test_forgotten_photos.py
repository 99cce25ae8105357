"""Photos to forget are found by file, folder and digest, also if the file is gone or has changed."""

import hashlib
import shutil

import pytest

from headstart.catalog.hashing import hash_files
from headstart.errors import CatalogError
from headstart.storage import digest_cache
from headstart.training.forgotten_photos import ForgottenPhoto, find_photos_to_forget, list_places

DIGEST = "0a" * 32


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(digest_cache, "SETTLED_S", 0.0)


@pytest.fixture
def photos(make_folder):
    return sorted(make_folder(n=3).rglob("*.*"))


def find(*given, listed=(), recorded=()):
    return find_photos_to_forget(given, listed, lambda: recorded)


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_folders_and_digests(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, skipped = find(photos[0].relative_to(tmp_path), photos[0].parent.parent, DIGEST.upper())
    assert skipped == []
    assert {photo.path for photo in found} == {None, *map(str, photos)}
    assert ForgottenPhoto(DIGEST, None, "given") in found
    assert ForgottenPhoto(digest_of(photos[0]), str(photos[0]), "file") in found
    assert len(found) == len(photos) + 1
    assert not (tmp_path / "cache").exists()  # nothing is written there


def test_lists_give_paths_and_digests(photos):
    found, _ = find(listed=[(str(photos[1]), None), (None, DIGEST), ("/gone/1.jpg", DIGEST)])
    assert found == [
        ForgottenPhoto(DIGEST, None, "given"), ForgottenPhoto(DIGEST, "/gone/1.jpg", "given"),
        ForgottenPhoto(digest_of(photos[1]), str(photos[1]), "file"),
    ]  # fmt: skip


def test_a_file_that_is_gone_is_known_by_the_cache(photos):
    digest = hash_files(photos)[2].digest
    photos[2].unlink()
    assert find(photos[2])[0] == [ForgottenPhoto(digest, str(photos[2]), "cache")]


def test_a_file_that_is_gone_is_known_by_a_run(photos):
    digest = digest_of(photos[2])
    photos[2].unlink()
    recorded = [(str(photos[1]), "ff" * 32), (str(photos[2]), digest), (str(photos[2]), DIGEST)]
    found = [ForgottenPhoto(digest, str(photos[2]), "run"), ForgottenPhoto(DIGEST, str(photos[2]), "run")]
    assert find(photos[2], recorded=recorded)[0] == found


def test_what_a_file_held_earlier_is_forgotten_too(photos):
    before = hash_files(photos)[0].digest
    photos[0].write_bytes(photos[1].read_bytes())
    assert find(photos[0])[0] == [
        ForgottenPhoto(digest_of(photos[1]), str(photos[0]), "file"), ForgottenPhoto(before, str(photos[0]), "cache"),
    ]  # fmt: skip


def test_files_in_folders_that_are_no_photos_are_skipped(photos):
    photos[0].write_bytes(b"text")
    found, skipped = find(photos[0].parent)
    assert {photo.path for photo in found} == {str(path) for path in photos[1:] if path.parent == photos[0].parent}
    assert [path for path, _ in skipped] == [str(photos[0])]


def test_all_problems_are_said_at_once(photos, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.jpg").write_bytes(b"text")
    given = [photos[0], tmp_path / "empty", tmp_path / "text.jpg", tmp_path / "no.jpg"]
    with pytest.raises(CatalogError, match="Nothing was removed") as caught:
        find(*given)
    for text in ("empty': a folder without photos", "text.jpg': ", "no.jpg': does not exist", "give its SHA-256"):
        assert text in str(caught.value)


def test_an_empty_name_is_not_the_working_folder(photos, monkeypatch):
    monkeypatch.chdir(photos[0].parent)
    for nothing in ("", "  "):
        with pytest.raises(CatalogError, match=r"Cannot forget photos: '': an empty name\. Nothing was removed"):
            find(nothing, photos[0])


def test_names_that_no_file_can_have_are_problems():
    with pytest.raises(CatalogError, match=r"Cannot forget photos: 'x{200}': File name too long; .*null"):
        find("x" * 300, "\0")


def test_many_problems_are_shortened(tmp_path):
    with pytest.raises(CatalogError, match="and 5 more"):
        find(*(tmp_path / f"{n}.jpg" for n in range(15)))


def test_nothing_is_one_sentence():
    with pytest.raises(CatalogError, match="Cannot forget photos: got none"):
        find()


def test_all_known_paths_of_a_photo_are_listed(photos):
    digest = hash_files(photos)[0].digest  # the cache knows it now
    given = [ForgottenPhoto(digest, "/copy.jpg", "file"), ForgottenPhoto(DIGEST, None, "given")]
    recorded = [("/run/1.jpg", DIGEST), ("/run/2.jpg", "ff" * 32)]
    places = list_places(given, lambda: recorded)
    assert places == {digest: {"/copy.jpg", str(photos[0])}, DIGEST: {"/run/1.jpg"}}


def test_the_figures_of_a_run_are_no_photos(photos, trained, tmp_path):
    run = tmp_path / "runs" / "pets"
    shutil.copytree(trained.folder, run)
    figure = next((run / "figures").glob("*.png"))
    for given in (run, run / "figures", run.parent, figure):
        with pytest.raises(CatalogError, match=r"are no photos; if its photos are meant, give --list '.*catalog\.csv'"):
            find(given)
    (run / "catalog.csv").unlink()
    with pytest.raises(CatalogError, match=r"the figures of '.*pets', a run or an audit, are no photos\. Nothing"):
        find(run)
    assert {photo.path for photo in find(tmp_path)[0]} == set(map(str, photos))  # photos, and a run beside them


def test_a_folder_of_photos_may_have_a_classifier_in_it(photos):
    (photos[0].parent / "model.onnx").touch()
    assert find(photos[0].parent)[1] == []


def test_a_path_as_in_the_catalog_of_a_run_is_explained(tmp_path):
    recorded = [("/data/pets/a/J\u00f6rg.png", DIGEST)]
    with pytest.raises(
        CatalogError, match=r"does not exist \(is it '/data/pets/a/J\u00f6rg\.png', which a run has\?\)"
    ):
        find(tmp_path / "a" / "J\u00f6rg.png", recorded=recorded)


def test_the_place_behind_a_link_is_a_place_of_the_photo(photos, tmp_path):
    (tmp_path / "link").symlink_to(photos[0].parent)
    given = [ForgottenPhoto(DIGEST, str(tmp_path / "link" / photos[0].name), "file")]
    assert list_places(given, list) == {DIGEST: {str(tmp_path / "link" / photos[0].name), str(photos[0])}}
