"""What the detectors look at: findings by row number, and the nearest photos, which are found once."""

import numpy as np

from headstart.inspection import photo_set


def test_the_nearest_photos_are_of_other_units_and_found_once(make_set, monkeypatch):
    X = np.repeat(np.eye(4, dtype=np.float32), 2, axis=0) + np.float32(0.01) * np.arange(8, dtype=np.float32)[:, None]
    photos = make_set(X, ["a"] * 4 + ["b"] * 4)
    numbers, cosines = photos.nearest
    assert numbers.shape == cosines.shape == (8, photo_set.N_NEAREST)
    assert list(numbers[:, 0]) == [1, 0, 3, 2, 5, 4, 7, 6]
    assert (numbers[:, 7:] == -1).all()
    monkeypatch.setattr(photo_set, "find_nearest", None)
    assert photos.nearest[0] is numbers


def test_a_finding_names_the_photos_of_its_rows(make_set):
    photos = make_set(np.zeros((3, 2)), ["a", "b", "b"])
    finding = photos.find("blank", [2, 0], score=0.5, evidence="So.")
    assert finding.photos == (photos.photos[2].file, photos.photos[0].file)
    assert finding.digests == (photos.photos[2].digest, photos.photos[0].digest)
    assert (finding.label, photos.find("shortcut", [], score=1, evidence="So.").label) == ("b", None)


def test_the_facts_of_one_photo_are_read_without_those_of_the_others(make_set, monkeypatch):
    photos = make_set(np.zeros((3, 2)), ["a", "b", "b"])
    read = []
    monkeypatch.setattr(photo_set, "read_header_facts", lambda path: read.append(path.name))
    assert photos.read_facts(1) is None
    assert read == ["00001.jpg"]
    assert photos.facts == [None, None, None]  # no file is there
    photos.facts[2] = "known"
    assert photos.read_facts(2) == "known"
