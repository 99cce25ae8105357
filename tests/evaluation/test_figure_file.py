"""Figures become files."""

import io

import pytest
from PIL import Image

from headstart.errors import RunError
from headstart.evaluation.figure_file import close_figure, encode_figure, save_figure
from headstart.evaluation.ink import start_figure


def test_writes_a_png_and_empties_the_figure(tmp_path):
    figure = start_figure(2, 1)
    figure.add_subplot()
    written = save_figure(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes() == written
    with Image.open(io.BytesIO(written)) as image:
        assert (image.format, image.size) == ("PNG", (400, 200))
        assert image.info["dpi"] == pytest.approx((200, 200), abs=0.1)
    assert figure.axes == []


def test_other_resolution():
    with Image.open(io.BytesIO(encode_figure(start_figure(2, 1), dpi=50))) as image:
        assert image.size == (100, 50)


def test_same_figure_same_bytes():
    assert encode_figure(start_figure(2, 1)) == encode_figure(start_figure(2, 1))


def test_closes_a_figure_of_pyplot_too():
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    figure = plt.figure()
    close_figure(figure)
    assert not plt.fignum_exists(figure.number)


def test_says_where_it_could_not_write(tmp_path):
    with pytest.raises(RunError, match=r"Cannot write figure '.*missing.*': got No such file or directory, need"):
        save_figure(start_figure(1, 1), tmp_path / "missing" / "figure.png")
