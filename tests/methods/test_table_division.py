"""A table that is divided again equals one that is extracted again."""

import numpy as np
import pytest

from headstart.catalog.photo import SPLITS
from headstart.catalog.redrawing import redraw_splits
from headstart.catalog.scan import scan_photos
from headstart.methods import feature_table
from headstart.methods.settings import Settings
from headstart.methods.table_division import divide_table, has_all_views


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("options", [{}, {"n_views": 2, "average_views": True}])
def test_a_divided_table_equals_an_extracted_one(make_folder, make_runner, monkeypatch, options, is_large):
    catalog = scan_photos(make_folder(n=8))
    if is_large:  # then the order is that of the catalog
        monkeypatch.setattr(feature_table, "LARGE_BYTES", 0)
    settings = Settings(method="fixed", image_size=96, **options)
    table = make_runner(catalog).run(settings).table
    assert has_all_views(table)
    other = redraw_splits(catalog, seed=1)
    divided, extracted = divide_table(table, other), make_runner(other).run(settings).table
    assert divided.catalog == extracted.catalog
    assert {photo.digest for photo in other.select("test")} != {photo.digest for photo in catalog.select("test")}
    for split in SPLITS:
        mine, theirs = divided.splits[split], extracted.splits[split]
        assert mine.photos == theirs.photos
        for name in ("X", "y", "views"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))


def test_random_views_are_those_of_the_training_photos_alone(make_folder, make_runner):
    table = make_runner(scan_photos(make_folder(n=4))).run(Settings(method="fixed", image_size=96, n_views=2)).table
    assert not has_all_views(table)
