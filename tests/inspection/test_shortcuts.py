"""Shortcuts that are planted are found and named; sets without one have no findings."""

import dataclasses

import numpy as np
import pytest

from headstart.inspection.shortcuts import find_shortcuts
from headstart.pixels.header_facts import HeaderFacts

N_EACH = 40
PLAIN = HeaderFacts(format="JPEG", suffix=".jpg", width=500, height=375, n_bytes=40_000, tables="39e4f06d")


@pytest.fixture
def make_photos(make_set):
    """Make a set of some classes whose headers and measures vary by chance."""

    def make(n_classes=2, seed=0, n_each=N_EACH):
        generator = np.random.default_rng(seed)
        n = n_classes * n_each
        measures = generator.uniform((0, 200, 100, 60, 60, 20, 60, 10), (20, 255, 900, 180, 180, 60, 180, 40), (n, 8))
        labels = [f"class {c}" for c in range(n_classes) for _ in range(n_each)]
        photos = make_set(np.zeros((n, 2)), labels, measures=measures.astype(np.float32))
        widths, bytes_ = generator.choice([500, 499, 450, 333], n), generator.integers(20_000, 60_000, n)
        facts = [dataclasses.replace(PLAIN, width=int(w), n_bytes=int(b)) for w, b in zip(widths, bytes_, strict=True)]
        photos.__dict__["facts"] = facts
        return photos

    return make


def change_facts(photos, share=1.0, label="class 0", **change):
    for n, photo in enumerate(photos.photos):
        if photo.label == label and n % N_EACH < share * N_EACH:
            photos.facts[n] = dataclasses.replace(photos.facts[n], **change)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_sets_without_a_shortcut_have_no_findings(make_photos, n_classes, seed):
    assert find_shortcuts(make_photos(n_classes, seed)) == []


@pytest.mark.parametrize(
    ("change", "family", "phrase"),
    [
        ({"width": 450, "height": 300}, "size of the picture", "are 300 pixels high"),
        ({"tables": "aaaaaaaa"}, "format and compression", "were saved with one JPEG quality setting (aaaaaaaa)"),
        ({"format": "PNG", "tables": None}, "format and compression", "are PNG files"),
        ({"profile": "Display P3"}, "colour profile", "have the colour profile 'Display P3'"),
        ({"camera": "Canon"}, "camera in the Exif data", "name the camera 'Canon'"),
        ({"date": "2019-07-31"}, "date in the Exif data", "were taken on 2019-07-31"),
    ],
)
def test_a_planted_fact_of_the_files_is_found_and_named(make_photos, change, family, phrase):
    photos = make_photos()
    change_facts(photos, **change)
    (finding,) = find_shortcuts(photos)
    assert (finding.kind, finding.label) == ("shortcut", "class 0")
    assert finding.evidence == (
        f"From the {family} alone, a classifier tells 100% of the labels, where each class counts alike. "
        f"By chance it is 50%. For example, 100% of 'class 0' {phrase}, and 0% of the others."
    )
    assert finding.score == 1
    assert all(path.startswith("class 0/") for path in finding.photos[:4])
    assert [path.startswith("class 0/") for path in finding.photos[4:]] == [False] * 4  # examples of the other side


def test_a_border_of_one_grey_is_found_and_named(make_photos):
    photos = make_photos()
    photos.measures[:N_EACH, 4:] = 128, 0.7, 128, 0.5
    (finding,) = find_shortcuts(photos)
    assert "From the border alone, a classifier tells 100% of the labels" in finding.evidence
    assert "100% of 'class 0' have a border of one grey (about 128 of 255)" in finding.evidence


def test_one_class_of_several_is_named(make_photos):
    photos = make_photos(5)
    change_facts(photos, label="class 3", tables="aaaaaaaa")
    (finding,) = find_shortcuts(photos)
    assert finding.label == "class 3"
    assert "a classifier tells 'class 3' from the others with a balanced accuracy of 100%. By" in finding.evidence


def test_a_fact_that_half_of_a_class_has_gets_a_lower_score(make_photos):
    photos = make_photos()
    change_facts(photos, share=0.7, tables="aaaaaaaa")
    (finding,) = find_shortcuts(photos)
    assert 0.5 < finding.score < 0.9


def test_facts_that_tell_more_together_are_reported_together(make_photos):
    photos = make_photos(4)
    change_facts(photos, label="class 0", tables="aaaaaaaa", profile="Display P3")
    change_facts(photos, label="class 1", tables="aaaaaaaa")
    change_facts(photos, label="class 2", profile="Display P3")
    found = find_shortcuts(photos)
    assert found[0].evidence.startswith("From all facts in the files, a classifier tells 100% of the labels")


def test_bytes_alone_are_no_shortcut_but_count_beside_another(make_photos):
    photos = make_photos(4)
    for c in range(4):
        change_facts(photos, label=f"class {c}", n_bytes=20_000 * (1 + c % 2))
    assert find_shortcuts(photos) == []
    for c in (0, 1):
        change_facts(photos, label=f"class {c}", tables="aaaaaaaa")
    assert find_shortcuts(photos)[0].evidence.startswith("From all facts in the files")


def test_brightness_needs_a_high_accuracy_and_has_a_caveat(make_photos):
    photos = make_photos()
    photos.measures[:N_EACH, 3] += 40
    assert find_shortcuts(photos) == []
    photos.measures[:N_EACH, 3] += 100
    (finding,) = find_shortcuts(photos)
    assert finding.evidence.endswith("The brightness may belong to what the photos show.")


def test_photos_of_one_unit_are_one_piece_of_evidence(make_photos):
    photos = make_photos()
    change_facts(photos, tables="aaaaaaaa")
    units = [f"{photo.label} {n % 4}" for n, photo in enumerate(photos.photos)]
    facts = photos.facts
    photos = dataclasses.replace(photos, units=units)
    photos.__dict__["facts"] = facts
    assert find_shortcuts(photos) == []


def test_small_classes_and_unknown_facts_are_left_out(make_photos, make_set):
    photos = make_photos(n_each=9)
    change_facts(photos, tables="aaaaaaaa")
    assert find_shortcuts(photos) == []
    photos = make_photos()
    change_facts(photos, tables="aaaaaaaa")
    photos.facts[: N_EACH - 5] = [None] * (N_EACH - 5)
    photos.measures[0] = np.nan
    assert find_shortcuts(photos) == []
    assert find_shortcuts(make_set(np.zeros((4, 2)), ["a", "a", "b", "b"])) == []


def test_a_large_set_is_looked_at_in_part(make_photos, monkeypatch):
    monkeypatch.setattr("headstart.inspection.shortcuts.MAX_PHOTOS", 60)
    photos = make_photos()
    change_facts(photos, tables="aaaaaaaa")
    assert len(find_shortcuts(photos)) == 1


@pytest.mark.parametrize("seed", [0, 88, 156])
def test_by_few_photos_with_traits_by_chance_no_label_is_told(make_photos, seed):
    photos = make_photos(n_each=10, seed=seed)
    generator = np.random.default_rng(seed)
    for n in range(20):
        height, tables = int(generator.integers(200, 600)), str(generator.integers(4))
        photos.facts[n] = dataclasses.replace(photos.facts[n], height=height, tables=tables)
    assert find_shortcuts(photos) == []
