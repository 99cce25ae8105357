"""What the detectors look at: each content once, decoded once, with what cannot be used named."""

import hashlib

import numpy as np
import pytest

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_for_audit, scan_photos
from headstart.errors import CatalogError
from headstart.inspection.gathering import forget_drawn_splits, gather_photos
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext


def gather(catalog, precision="auto"):
    context = TrainingContext(BackboneSetup(load_backbone(), 96), cache=False)
    return gather_photos(catalog, context, Settings(method="fixed", image_size=96, precision=precision))


@pytest.fixture
def folder(make_folder):
    return make_folder(n=6)


def test_each_content_is_there_once_and_conflicting_labels_are_not(folder):
    copied = (folder / "dots" / "000.jpg").read_bytes()
    (folder / "dots" / "copy.jpg").write_bytes(copied)
    (folder / "dots" / "both.jpg").write_bytes((folder / "stripes" / "001.jpg").read_bytes())
    photos, notes = gather(scan_for_audit(folder))
    assert (len(photos.catalog.photos), len(photos.photos)) == (14, 11)
    names = [photo.path.name for photo in photos.photos if photo.label == "dots"]
    assert sorted(names) == [f"{n:03}.jpg" for n in range(6)]
    digests = [photo.digest for photo in photos.photos]
    assert digests == sorted(digests)
    assert photos.labels == ("dots", "stripes")
    assert [photos.labels[n] for n in photos.y] == [photo.label for photo in photos.photos]
    assert photos.X.shape[0] == 11
    assert np.isfinite(photos.X).all()
    assert np.isfinite(photos.measures).all()
    assert notes == []


def test_what_cannot_be_decoded_is_skipped_with_its_copies_and_damage_is_named(folder):
    whole = (folder / "dots" / "000.jpg").read_bytes()
    middle = len(whole) * 2 // 3
    (folder / "dots" / "000.jpg").write_bytes(whole[:middle] + bytes(200) + whole[middle + 200 :])
    for name in ("bad.jpg", "worse.jpg"):
        (folder / "stripes" / name).write_bytes(b"\xff\xd8\xff nothing")
    photos, _ = gather(scan_for_audit(folder))
    assert sorted(skip.path.name for skip in photos.catalog.skipped) == ["bad.jpg", "worse.jpg"]
    assert {skip.digest for skip in photos.catalog.skipped} == {hashlib.sha256(b"\xff\xd8\xff nothing").hexdigest()}
    assert len(photos.photos) == len(photos.X) == len(photos.y) == len(photos.measures) == 12
    (damaged,) = [photo for photo in photos.photos if photo.path == folder / "dots" / "000.jpg"]
    assert list(photos.damaged) == [damaged.digest]


def test_units_are_groups_and_near_copies(folder, tmp_path):
    from PIL import Image

    with Image.open(folder / "dots" / "003.jpg") as image:
        image.resize((120, 90)).save(folder / "dots" / "larger.jpg")
    photos, _ = gather(scan_for_audit(folder, group_from="(00[01])"))
    assert photos.units is not None
    units = {f"{photo.label}/{photo.path.name}": unit for photo, unit in zip(photos.photos, photos.units, strict=True)}
    assert units["dots/000.jpg"] == units["stripes/000.jpg"]
    assert units["dots/003.jpg"] == units["dots/larger.jpg"]
    assert len(set(units.values())) == 13 - 3


def test_drawn_splits_are_forgotten_and_given_ones_stay(folder):
    drawn = scan_photos(folder)
    assert {photo.split for photo in drawn.photos} == {"train", "validation", "test"}
    assert {(photo.split, photo.is_drawn) for photo in forget_drawn_splits(drawn).photos} == {(None, False)}
    for label in ("dots", "stripes"):
        for split, number in (("train", 0), ("train", 1), ("validation", 2), ("test", 3)):
            (folder / split / label).mkdir(parents=True, exist_ok=True)
            (folder / label / f"00{number}.jpg").rename(folder / split / label / f"00{number}.jpg")
        for path in (folder / label).iterdir():
            path.unlink()
        (folder / label).rmdir()
    given = forget_drawn_splits(scan_photos(folder))
    assert {photo.split for photo in given.photos} == {"train", "validation", "test"}


def test_without_a_photo_that_can_be_decoded_there_is_a_sentence(folder):
    for path in folder.rglob("*.jpg"):
        path.write_bytes(b"\xff\xd8\xff " + path.name.encode() + path.parent.name.encode())
    with pytest.raises(
        CatalogError,
        match=r"got no photo that can be decoded and has one label, need one\. Left out: .* \(12\)\. Check",
    ):
        gather(scan_for_audit(folder))


def test_int8_is_refused(folder):
    with pytest.raises(CatalogError, match="got the precision int8, need auto, f32 or bf16"):
        gather(scan_for_audit(folder), "int8")
