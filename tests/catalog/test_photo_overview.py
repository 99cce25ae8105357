"""Nine training photos with their labels."""

import pytest
from PIL import Image

from headstart.catalog import photo_overview
from headstart.catalog.catalog import Catalog
from headstart.catalog.scan import scan_photos
from headstart.errors import CatalogError
from headstart.report.photo_grid import plot_photo_grid


@pytest.fixture
def root(tmp_path):
    for n in range(20):
        path = tmp_path / ("cats" if n % 2 else "dogs") / f"{n}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (30 + n, 20), (10 * n, 0, 0)).save(path)
    return tmp_path


@pytest.fixture
def grids(monkeypatch):
    """Keep what is given to the grid: photos and titles."""
    kept = []

    def plot(photos, titles):
        kept.append((photos, titles))
        return plot_photo_grid(photos, titles)

    monkeypatch.setattr(photo_overview, "plot_photo_grid", plot)
    return kept


def test_nine_photos_are_drawn_with_their_labels(root, grids):
    image = scan_photos(root).plot()
    assert isinstance(image, Image.Image)
    ((photos, titles),) = grids
    assert len(photos) == len(titles) == 9
    assert set(titles) == {"cats", "dogs"}
    assert all(
        (photo[0, 0, 0] // 10 % 2 == 1) == (title == "cats") for photo, title in zip(photos, titles, strict=True)
    )


def test_a_photo_that_cannot_be_decoded_is_replaced(root, grids):
    for n in range(18):
        (root / ("cats" if n % 2 else "dogs") / f"{n}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes([n]))
    scan_photos(root).plot()
    assert 1 <= len(grids[0][0]) <= 2


def test_the_seed_chooses_the_photos(root, grids):
    catalog = scan_photos(root)
    for each in (catalog, catalog, Catalog(catalog.photos, seed=1)):
        each.plot()
    reds = [[photo[0, 0, 0] for photo in photos] for photos, _ in grids]
    assert reds[0] == reds[1] != reds[2]


def test_without_photos_there_is_an_error(make_photo):
    catalog = Catalog((make_photo("none.jpg", split="train"),))
    with pytest.raises(CatalogError, match="got none that can be decoded among 1 for training"):
        catalog.plot()
