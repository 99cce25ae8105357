"""The picture of the first photos to look at."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from headstart.runs.photos_to_look_at import draw_photos_to_look_at
from headstart.runs.run_pictures import PictureFolder


def draw(tmp_path, first):
    with ThreadPoolExecutor(1) as pool:
        pictures = PictureFolder(tmp_path / "figures", pool)
        draw_photos_to_look_at(pictures, {"first": first})
        return pictures.collect()


def find(path, *, kind="wrong_label", label="dots", suggested=None):
    return {"kind": kind, "photos": [str(path)], "label": label, "suggested": suggested}


def test_the_first_photos_are_drawn_in_their_order(make_folder, tmp_path):
    folder = make_folder(n=2)
    first = [find(folder / "dots" / "001.jpg", suggested="stripes"), find(folder / "dots" / "000.jpg", kind="dark")]
    figure = draw(tmp_path, first)["photos_to_look_at"]
    assert figure.caption.endswith("In this order: dots/001.jpg, dots/000.jpg.")
    assert (tmp_path / "figures" / "photos_to_look_at.png").is_file()


@pytest.mark.parametrize("first", [[], [find("x.jpg", kind="unreadable", label=None)]])
def test_there_is_no_picture_of_files_that_cannot_be_read(tmp_path, first):
    assert draw(tmp_path, first) == {}


def test_a_photo_that_is_gone_is_a_grey_square(tmp_path):
    assert draw(tmp_path, [find(tmp_path / "gone.jpg", label=None)])["photos_to_look_at"].image.width > 0
