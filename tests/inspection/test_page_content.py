"""The page gets each photo once, with thumbnails of those that are seen first."""

import base64
import io
import os

import numpy as np
import pytest
from PIL import Image

from headstart.catalog.photo import Photo
from headstart.inspection import page_content
from headstart.inspection.finding import Finding
from headstart.inspection.page_content import build_content, choose_typical, link_photo
from headstart.inspection.page_thumbnails import LARGE_PX, SMALL_PX
from headstart.report.audit_page import render_audit


@pytest.fixture
def photo_set(make_set, make_classes, tmp_path, monkeypatch):
    """Two classes of twelve photos with files below the working folder; one file is a copy of another."""
    monkeypatch.chdir(tmp_path)
    X, labels = make_classes(12, 2)
    copy = Photo("class 0/copy.jpg", "class 0", digest=f"{0:064x}", split=None)
    photos = make_set(X, labels, extra=[copy])
    for n, photo in enumerate(photos.catalog.photos):
        photo.path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (500, 250), (10 * n, 100, 50)).save(photo.path)
    return photos


def measure(thumbnail):
    data = base64.b64decode(thumbnail.removeprefix("data:image/jpeg;base64,"))
    return Image.open(io.BytesIO(data)).size


def build(photos, findings, **more):
    return build_content(photos, findings, title="pets", sentences=["A sentence."], **more)


def test_findings_name_their_photos_and_the_nearest_ones(photo_set):
    nearest = np.tile(np.array([3, 1, 2, -1]), (24, 1))
    finding = photo_set.find("wrong_label", [3], score=0.97, evidence="Seen.", suggested="class 1")
    content = build(photo_set, [finding], nearest=nearest)
    (record,) = content.findings
    named = [content.photos[i]["path"] for i in (*record["photos"], *record["neighbours"])]
    assert named == [photo_set.photos[i].file for i in (3, 1, 2)]  # the photo is not its own neighbour
    assert (record["name"], record["label"], record["suggested"]) == ("Doubtful label", "class 0", "class 1")
    assert [(one["label"], one["n"], len(one["typical"])) for one in content.classes] == [
        ("class 0", 13, 8), ("class 1", 12, 8),
    ]  # fmt: skip
    assert len({photo["path"] for photo in content.photos}) == len(content.photos)
    assert render_audit(content)


def test_copies_and_files_that_the_catalog_lacks_are_named(photo_set):
    copies = Finding(
        kind="copy", photos=(photo_set.photos[0].file, "class 0/copy.jpg"), digests=(f"{0:064x}",) * 2, label="class 0",
        score=1.0, evidence="The same bytes.",
    )  # fmt: skip
    unreadable = Finding(kind="unreadable", photos=("none.jpg",), digests=("",), score=1.0, evidence="It is empty.")
    about_set = Finding(kind="shortcut", photos=(), digests=(), score=0.8, evidence="By size alone.")
    content = build(photo_set, [copies, unreadable, about_set], nearest=np.full((24, 3), -1))
    first, second, third = content.findings
    assert [content.photos[i]["path"] for i in first["photos"]] == list(copies.photos)
    missing = content.photos[second["photos"][0]]
    assert (missing["label"], missing["thumbnail"], missing["digest"]) == (None, None, "")
    assert third["photos"] == third["neighbours"] == []


def test_the_first_findings_get_larger_thumbnails_and_the_last_ones_none(photo_set, monkeypatch):
    monkeypatch.setattr(page_content, "N_LARGE", 1)
    monkeypatch.setattr(page_content, "N_SMALL", 2)
    findings = [photo_set.find("odd_one", [n], score=0.5, evidence="Seen.") for n in range(24)]
    content = build(photo_set, findings)
    shown = {photo["path"]: photo["thumbnail"] for photo in content.photos}
    large, small, none = (shown[photo_set.photos[n].file] for n in (0, 1, 2))
    assert (measure(large), measure(small), none) == ((LARGE_PX, 200), (SMALL_PX, 88), None)
    assert all(photo["url"] for photo in content.photos)


def test_all_photos_are_on_the_map_or_an_even_sample(photo_set, monkeypatch):
    places = np.linspace(0, 1, 48, dtype=np.float32).reshape(24, 2)
    content = build(photo_set, [], places=places, map_name="PCA")
    assert sum(photo["at"] is not None for photo in content.photos) == 24
    monkeypatch.setattr(page_content, "MAX_POINTS", 5)
    content = build(photo_set, [], places=places, map_name="PCA")
    assert sum(photo["at"] is not None for photo in content.photos) == 5
    assert build(photo_set, [], map_name="PCA").map_name is None


def test_the_id_is_that_of_the_photos(photo_set, make_set):
    one, other = build(photo_set, []), build(photo_set, [photo_set.find("blank", [1], score=1.0, evidence="Seen.")])
    assert one.audit_id == other.audit_id
    assert build(make_set(np.ones((2, 3)), ["a", "b"]), []).audit_id != one.audit_id


def test_typical_photos_are_near_the_mean_without_findings_and_copies(make_set):
    X = np.array([[0.0], [0.1], [0.1], [0.2], [9.0], [5.0]])
    photos = make_set(X, ["a"] * 5 + ["b"], units=["0", "1", "1", "3", "4", "5"])
    odd = photos.find("odd_one", [3], score=0.5, evidence="Seen.")
    typical = choose_typical(photos, [odd], 3)
    assert typical["b"] == [5]
    assert set(typical["a"]) == {0, 1, 4}
    assert typical["a"][-1] == 4


def test_links_are_relative_to_the_page(photo_set, tmp_path):
    content = build(
        photo_set, [photo_set.find("blank", [0], score=1.0, evidence="Seen.")], folder=tmp_path / "audits/a"
    )
    assert content.photos[0]["url"] == "../../class%200/00000.jpg"


@pytest.mark.skipif(os.name == "nt", reason="names of Windows are Unicode")
def test_odd_names_are_escaped_in_links():
    assert link_photo("/a/100%?#é\udce9.jpg") == "file:///a/100%25%3F%23%C3%A9%E9.jpg"
    assert link_photo("/a:b/c:d.jpg", page_content.Path("/a:b")) == "./c%3Ad.jpg"
