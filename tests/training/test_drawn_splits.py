"""Shares change a split that is drawn, and never one that is given."""

import shutil

import pytest

from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError
from headstart.methods.settings import Settings
from headstart.training.drawn_splits import draw_asked_split


def count(catalog):
    return {split: len(catalog.select(split)) for split in ("train", "validation", "test")}


def test_without_shares_the_catalog_is_the_same(make_folder):
    catalog = scan_photos(make_folder(n=4))
    assert draw_asked_split(catalog, Settings()) is catalog


@pytest.mark.parametrize(
    ("asked", "sizes"),
    [
        ({"test_share": 40}, (18, 6, 16)),
        ({"validation_share": 0}, (34, 0, 6)),
        ({"test_share": 30, "validation_share": 10}, (24, 4, 12)),
    ],
)
def test_shares_are_percent_of_all_photos(make_folder, asked, sizes):
    catalog = draw_asked_split(scan_photos(make_folder(n=20)), Settings(**asked))
    assert tuple(count(catalog).values()) == sizes
    (note,) = catalog.select_notes("layout")
    assert f"{sizes[0]} train" in note.text
    assert len(catalog.photos) == 40


def test_a_given_split_is_refused_with_what_to_do(make_folder, tmp_path):
    for number, path in enumerate(sorted(make_folder("all", n=8).rglob("*.jpg"))):
        target = tmp_path / "photos" / ("train", "test")[number % 2] / path.parent.name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    catalog = scan_photos(tmp_path / "photos")
    with pytest.raises(
        CatalogError, match=r"need photos without one for --test-share and --repeats\. Leave the option out, or put"
    ):
        draw_asked_split(catalog, Settings(test_share=20, repeats=3))


def test_repeats_without_test_photos_are_refused(make_folder):
    with pytest.raises(CatalogError, match=r"Cannot repeat the training .* got no test photos"):
        draw_asked_split(scan_photos(make_folder(n=2)), Settings(repeats=2))
