"""The table and the picture of near copies."""

import csv
from concurrent.futures import ThreadPoolExecutor

import pytest

from headstart.catalog.scan import scan_photos
from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import group_near_copies
from headstart.runs.near_copy_files import HEADER, N_SHOWN, draw_near_copies, sort_pairs, write_near_copies
from headstart.runs.run_pictures import PictureFolder


@pytest.fixture
def photos(make_folder):
    return {photo.digest: photo for photo in scan_photos(make_folder(n=20), cache=False).photos}


def join(photos, n):
    digests = sorted(photos)
    pairs = [CopyPair(digests[i], digests[i + 1], 0.95 - i / 1000, None if i else 0.5) for i in range(n)]
    return group_near_copies(pairs, 1000)


def test_pairs_across_splits_come_first(photos, tmp_path):
    near_copies = join(photos, 15)
    first = sort_pairs(near_copies, photos)[0]
    assert photos[first.first].split != photos[first.second].split
    write_near_copies(tmp_path / "near.csv", near_copies, photos, str(tmp_path / "photos"))
    with (tmp_path / "near.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == HEADER
    assert len(rows) == 15
    assert rows[0][2] != rows[0][3]
    assert {row[0].split("/")[0] for row in rows} == {"dots", "stripes"}  # relative to the photos
    assert max(row[7] for row in rows) == "0.5000"
    assert {row[8] for row in rows} == {"copy"}


def test_a_photo_that_was_left_out_later_has_no_row(photos, tmp_path):
    near_copies = join(photos, 3)
    del photos[near_copies.pairs[0].first]
    assert len(sort_pairs(near_copies, photos)) == 2


def test_the_picture_has_twelve_pairs_at_most(photos, tmp_path):
    with ThreadPoolExecutor(1) as pool:
        pictures = PictureFolder(tmp_path / "figures", pool)
        draw_near_copies(pictures, join(photos, 0), photos)
        assert pictures.collect() == {}
        draw_near_copies(pictures, join(photos, N_SHOWN + 3), photos)
        figure = pictures.collect()["near_copies"]
    assert figure.caption.endswith("near_copies.csv lists all 15.")
    assert (tmp_path / "figures" / "near_copies.png").is_file()
