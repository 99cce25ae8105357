"""Measures of photos are collected by content, and stacked in the order of the photos."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_photos
from headstart.features.feature_cache import FeatureCache
from headstart.features.measure_collector import AT_ONCE, MeasureCollector, stack_measures
from headstart.pixels.decode import read_photo
from headstart.pixels.photo_measures import N_MEASURES, measure_photo


def test_measures_are_those_of_the_pixels_at_the_image_size(make_folder, tmp_path):
    setup, photos = BackboneSetup(load_backbone(), 96), scan_photos(make_folder(n=3), cache=False).photos
    photos[1].path.write_bytes(b"no photo")
    with FeatureCache(tmp_path / "cache") as cache:
        MeasureCollector(setup, cache).collect(photos)
        stacked = stack_measures(photos, MeasureCollector(setup, cache).collect(photos))
    assert (stacked.shape, stacked.dtype) == ((6, N_MEASURES), np.float32)
    assert np.isnan(stacked[1]).all()
    for n in (0, 2, 3, 4, 5):
        assert np.array_equal(stacked[n], measure_photo(read_photo(photos[n].path, 96)))


def test_measures_made_while_photos_are_decoded_are_those_of_each_photo(make_folder):
    setup, photos = BackboneSetup(load_backbone(), 96), scan_photos(make_folder(n=20), cache=False).photos
    collector = MeasureCollector(setup, None)
    pixels = {photo.digest: read_photo(photo.path, 96) for photo in photos}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda photo: collector.add(photo, pixels[photo.digest]), photos))
    assert len(photos) % AT_ONCE  # the last samples wait for more
    stacked = stack_measures(photos, collector.collect(photos))
    assert np.array_equal(stacked, [measure_photo(pixels[photo.digest]) for photo in photos])
    assert collector.decoded == set(pixels)
