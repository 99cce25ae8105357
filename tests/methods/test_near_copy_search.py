"""Near copies stay in one split where it is drawn, and no photo is decoded twice for it."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.photo_groups import name_groups
from headstart.catalog.scan import scan_photos
from headstart.methods.method_runner import MethodRunner
from headstart.methods.near_copy_search import keep_near_copies_together, search_near_copies
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext

SETTINGS = Settings(method="fixed", image_size=96)


@pytest.fixture(scope="module")
def context():
    return TrainingContext(BackboneSetup(load_backbone(), 96), cache=False)


def paint(generator):
    small = generator.integers(0, 256, (14, 14, 3), np.uint8)
    return Image.fromarray(small).resize((160, 160), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path):
    """15 pictures of each of two classes, each saved in four ways."""
    generator = np.random.default_rng(0)
    for label in ("one", "other"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for n in range(15):
            image, base = paint(generator), tmp_path / "photos" / label
            image.save(base / f"{n}_a.png")
            image.save(base / f"{n}_b.jpg", quality=60)
            ImageOps.mirror(image).save(base / f"{n}_c.jpg", quality=90)
            image.resize((100, 100)).save(base / f"{n}_d.jpg", quality=90)
    return tmp_path / "photos"


def name_picture(photo):
    return photo.label, photo.path.name.split("_")[0]


def test_every_group_is_in_one_split(folder, context):
    before = scan_photos(folder, cache=False)
    catalog, near_copies, _ = keep_near_copies_together(before, context, SETTINGS)
    groups = {}
    for photo in catalog.photos:
        groups.setdefault(near_copies.names[photo.digest], []).append(photo)
    assert len(groups) == 30
    for members in groups.values():
        assert len({name_picture(photo) for photo in members}) == 1
        assert len({photo.split for photo in members}) == 1
        assert {photo.near_copies for photo in members} == {min(photo.digest for photo in members)}
    (note,) = catalog.select_notes("near-copies")
    assert str(note).startswith("120 photos show only 30 different pictures: they are near copies")
    assert str(note).endswith("All photos of one picture are in one split.")
    assert catalog.select("test")


def test_groups_that_the_user_named_keep_to_one_split_each(folder, context):
    given = scan_photos(folder, cache=False)
    photos = tuple(replace(photo, group=photo.path.stem[-1], is_drawn=True) for photo in given.photos)
    given = replace(given, photos=photos)
    catalog, near_copies, _ = keep_near_copies_together(given, context, SETTINGS)
    assert len(near_copies.pairs) >= 90  # each picture has a copy in each of the four groups
    assert near_copies.n_groups == 0
    assert len(set(name_groups(catalog.photos))) == 4
    for group in "abcd":
        assert len({photo.split for photo in catalog.photos if photo.group == group}) == 1


def test_a_given_split_stays(folder, context):
    given = scan_photos(folder, cache=False)
    photos = tuple(replace(photo, is_drawn=False) for photo in given.photos)
    catalog, near_copies, _ = keep_near_copies_together(replace(given, photos=photos), context, SETTINGS)
    assert [photo.split for photo in catalog.photos] == [photo.split for photo in given.photos]
    assert {photo.near_copies for photo in catalog.photos} == set(near_copies.names.values())
    assert "one split" not in str(catalog.select_notes("near-copies")[0])


def test_a_recorded_split_stays_although_it_was_drawn(folder, context):
    drawn, _, _ = keep_near_copies_together(scan_photos(folder, cache=False), context, SETTINGS)
    kept = tuple(photo for photo in drawn.photos if photo.digest != photo.near_copies)  # other names are found now
    recorded = replace(drawn, photos=kept, is_recorded=True)
    catalog, near_copies, _ = keep_near_copies_together(recorded, context, SETTINGS)
    assert catalog.photos == kept
    assert {photo.near_copies for photo in kept}.isdisjoint(near_copies.names.values())


@pytest.mark.parametrize("choice", [{"features": "last"}, {"precision": "f32"}], ids=["last", "wide in float32"])
def test_the_training_decodes_no_photo_again(folder, context, monkeypatch, choice):
    settings = replace(SETTINGS, **choice)
    context = replace(context, setup=replace(context.setup, precision=settings.precision))
    catalog, _, fresh = keep_near_copies_together(scan_photos(folder, cache=False), context, settings)
    monkeypatch.setattr("headstart.features.extraction.read_photo", None)
    table = MethodRunner(catalog, context, fresh=fresh).run_fixed(settings).table
    assert (table.n_extracted, table.n_cached) == (120, 0)


def test_the_search_can_be_turned_off(folder, context):
    catalog = scan_photos(folder, cache=False)
    ignoring = replace(SETTINGS, near_copies="ignore")
    assert keep_near_copies_together(catalog, context, ignoring) == (catalog, None, None)


def test_features_that_were_computed_elsewhere_leave_no_photos_to_compare(folder, context):
    catalog = scan_photos(folder, cache=False)
    found, near_copies, fresh = keep_near_copies_together(catalog, context, SETTINGS, stored=object())
    assert found.photos == catalog.photos
    assert near_copies is None
    assert fresh is None
    assert found.select_notes("near-copies-unknown")


def test_int8_compares_thumbnails_alone(folder, context):
    catalog = scan_photos(folder, cache=False)
    _, near_copies, fresh = keep_near_copies_together(catalog, context, replace(SETTINGS, precision="int8"))
    assert fresh is None
    assert len(set(near_copies.names.values())) == 30
    assert {pair.cosine for pair in near_copies.pairs} == {None}


def test_all_stages_are_extracted_once_for_both(folder, context, monkeypatch):
    settings = replace(SETTINGS, features="all")
    catalog, _, fresh = keep_near_copies_together(scan_photos(folder, cache=False), context, settings)
    monkeypatch.setattr("headstart.features.extraction.read_photo", None)
    table = MethodRunner(catalog, context, fresh=fresh).run_fixed(settings).table
    assert table.splits["train"].X.shape[1] > 1280


def test_all_stages_find_the_pairs_of_the_last(folder, context):
    catalog = scan_photos(folder, cache=False)
    last, every = (
        keep_near_copies_together(catalog, context, replace(SETTINGS, features=features))[1].pairs
        for features in ("last", "all")
    )
    assert {(pair.first, pair.second) for pair in last} == {(pair.first, pair.second) for pair in every}
    assert [pair.cosine for pair in every] == pytest.approx([pair.cosine for pair in last], abs=0.2)


def test_a_replay_compares_the_features_that_the_run_compared(folder, context):
    catalog = replace(scan_photos(folder, cache=False), is_recorded=True, compared_features="last")
    settings = replace(SETTINGS, features="all")
    _, last, _ = keep_near_copies_together(catalog, context, SETTINGS)
    _, replayed, fresh = keep_near_copies_together(catalog, context, settings)
    assert replayed.pairs == last.pairs
    table = MethodRunner(catalog, context, fresh=fresh).run_fixed(settings).table
    assert table.splits["train"].X.shape[1] > 1280


def test_the_same_photos_are_compared_once(folder, context, monkeypatch):
    cached, catalog = replace(context, cache=True), scan_photos(folder)
    before = keep_near_copies_together(catalog, cached, SETTINGS)
    assert len(before[1].pairs) >= 30
    monkeypatch.setattr("headstart.methods.near_copy_search.compare_photos", lambda *_: 1 / 0)
    after = keep_near_copies_together(catalog, cached, SETTINGS)
    assert after[:2] == before[:2]
    with pytest.raises(ZeroDivisionError, match="division"):  # of other photos the comparison is another one
        keep_near_copies_together(replace(catalog, photos=catalog.photos[1:]), cached, SETTINGS)


def test_measures_come_with_the_features_and_are_cached(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    context = TrainingContext(BackboneSetup(load_backbone(), 96))
    photos = sorted(scan_photos(folder, cache=False).photos, key=lambda photo: photo.digest)
    assert not np.isnan(search_near_copies(photos, context, SETTINGS).measures).any()
    monkeypatch.setattr("headstart.features.decoded_rows.read_photo", None)
    monkeypatch.setattr("headstart.features.extraction.read_photo", None)
    found = search_near_copies(photos, context, SETTINGS, wants_measures=True)
    assert found.measures.shape == (len(photos), 8)
    assert not np.isnan(found.measures).any()
    assert found.features.matrix.shape[0] == len(photos)
