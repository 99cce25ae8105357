"""Rows are read from the cache, also from those of the same network that are wider."""

import numpy as np

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import pool_stages
from headstart.catalog.scan import scan_photos
from headstart.features.cached_rows import CacheWriter, fill_from_cache
from headstart.features.extraction import extract_features
from headstart.features.feature_cache import FeatureCache


def test_the_last_features_are_taken_from_wider_ones(paint_folder, tmp_path):
    photos = scan_photos(paint_folder(tmp_path / "photos", n=3)).photos
    backbone = load_backbone()
    with FeatureCache(tmp_path) as cache:

        def extract(features, photos):
            setup = BackboneSetup(pool_stages(backbone, features), 96)
            return extract_features(photos, setup, feature_cache=cache)

        wide = extract("wide", photos[:4])
        last, alone = extract("last", photos), extract_features(photos, BackboneSetup(backbone, 96))
        assert (last.n_cached, last.n_extracted) == (4, 2)
        np.testing.assert_array_equal(last.matrix, alone.matrix)
        np.testing.assert_array_equal(last.matrix[:4], wide.matrix[:, -1280:])
        assert extract("all", photos).n_cached == 0  # a pooled network does not say of which wider one it is a part


def test_rows_of_another_length_are_missing(tmp_path):
    with FeatureCache(tmp_path) as cache:
        with CacheWriter(cache) as writer:
            writer.add(b"a", np.arange(5, dtype=np.float32), is_kept=True)
            writer.add(b"b", np.arange(5, dtype=np.float32), is_kept=False)
        matrix = np.zeros((2, 3), np.float32)
        assert list(fill_from_cache(matrix, [b"a", b"b"], [0, 1], cache)) == [0, 1]
        assert list(fill_from_cache(matrix, {0: b"a", 1: b"b"}, [0, 1], cache, n_features=5)) == [1]
        assert matrix.tolist() == [[2, 3, 4], [0, 0, 0]]
