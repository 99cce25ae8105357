"""Nine training photos with their labels."""

import pytest
from PIL import Image

from headstart.catalog.scan import scan_photos
from headstart.catalog.table import Catalog
from headstart.errors import CatalogError


@pytest.fixture
def root(tmp_path):
    for n in range(20):
        path = tmp_path / ("cats" if n % 2 else "dogs") / f"{n}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (30 + n, 20), (10 * n, 0, 0)).save(path)
    return tmp_path


def list_titles(figure):
    return [text.get_text() for text in figure.texts] or [axes.get_title() for axes in figure.axes]


def test_nine_photos_with_their_labels(root):
    figure = scan_photos(root).plot()
    assert len(figure.axes) == 9
    assert set(list_titles(figure)) == {"cats", "dogs"}


def test_what_cannot_be_decoded_gives_way(root):
    for n in range(18):
        (root / ("cats" if n % 2 else "dogs") / f"{n}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes([n]))
    catalog = scan_photos(root)
    figure = catalog.plot()
    assert 1 <= len(figure.axes) <= 2


def test_the_seed_decides_which(root):
    catalog = scan_photos(root)
    shapes = [[axes.images[0].get_array().shape for axes in catalog.plot().axes] for _ in range(2)]
    assert shapes[0] == shapes[1]
    other = Catalog(catalog.photos, seed=1).plot()
    assert [axes.images[0].get_array().shape for axes in other.axes] != shapes[0]


def test_no_photo_is_an_error(make_photo):
    catalog = Catalog((make_photo("none.jpg", split="train"),))
    with pytest.raises(CatalogError, match="got none that can be decoded among 1 for training"):
        catalog.plot()
