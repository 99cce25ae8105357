"""Heat maps over photos."""

import numpy as np

from headstart.report.heat_overlay import overlay_heat_map


def test_only_positive_heat_is_coloured():
    photo = np.full((64, 80, 3), 128, np.uint8)
    heat = np.array([[1.0, -1.0], [-1.0, -1.0]], np.float32)
    shown = overlay_heat_map(photo, heat)
    assert shown.shape == photo.shape
    assert shown.dtype == np.uint8
    assert shown[4, 4, 0] > 200  # hot
    assert shown[60, 76].tolist() == [128, 128, 128]


def test_no_positive_heat_leaves_the_photo_uncoloured():
    photo = np.full((10, 10, 3), 90, np.uint8)
    assert (overlay_heat_map(photo, np.full((7, 7), -2.0, np.float32)) == photo).all()
