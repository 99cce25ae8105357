"""A class that is told by a mark in a corner is named, and one that is told by what the photos show is not."""

import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageDraw

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import load_backbone
from headstart.catalog.scan import scan_for_audit
from headstart.inspection.border_evidence import find_border_evidence
from headstart.inspection.gathering import gather_photos
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext

N_EACH = 12


def paint(seed, *, n_waves=14, is_marked=False):
    """Paint a photo of waves, with a logo in the lower right corner if it is asked for."""
    small = np.random.default_rng(seed).integers(0, 256, (n_waves, n_waves, 3), np.uint8)
    image = Image.fromarray(small).resize((224, 224), Image.Resampling.BICUBIC)
    if is_marked:
        draw = ImageDraw.Draw(image)
        draw.rectangle((175, 175, 220, 220), fill=(255, 255, 255))
        draw.ellipse((178, 178, 217, 217), fill=(200, 0, 0))
    return image


def gather(folder, size_px, **classes):
    """Write photos of two classes, and gather what detectors look at."""
    for label, images in classes.items():
        (folder / label).mkdir()
        for n, image in enumerate(images):
            image.save(folder / label / f"{n}.png")
    context = TrainingContext(BackboneSetup(load_backbone(), size_px), cache=False)
    return gather_photos(scan_for_audit(folder, cache=False), context, Settings(method="fixed"))[0]


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    classes = {
        "marked": [paint(n, is_marked=True) for n in range(N_EACH)],
        "plain": [paint(100 + n) for n in range(N_EACH)],
    }
    return gather(tmp_path_factory.mktemp("marked"), 224, **classes)


def test_a_mark_in_a_corner_is_named(marked):
    (finding,) = find_border_evidence(marked)
    assert (finding.kind, finding.label) == ("shortcut", "marked")
    assert finding.evidence.startswith("A classifier tells 'marked' by the lower right corner: in half of 12 photos, ")
    assert finding.evidence.endswith("or more of the heat map stands on it, 8% of the picture.")
    assert 0.5 <= finding.score <= 1
    assert len(finding.photos) == 4


def test_without_a_network_or_enough_photos_nothing_is_found(marked):
    assert find_border_evidence(dataclasses.replace(marked, setup=None)) == []
    few = np.array([0] * (2 * N_EACH - 5) + [1] * 5)
    assert find_border_evidence(dataclasses.replace(marked, y=few)) == []


def test_photos_that_are_gone_are_left_out(marked):
    photos = tuple(dataclasses.replace(photo, file=photo.file + ".gone") for photo in marked.photos)
    assert find_border_evidence(dataclasses.replace(marked, photos=photos)) == []


def test_classes_that_are_told_by_what_they_show_are_not_named(tmp_path):
    fine, rough = [paint(n, n_waves=40) for n in range(N_EACH)], [paint(n, n_waves=6) for n in range(N_EACH)]
    assert find_border_evidence(gather(tmp_path, 224, fine=fine, rough=rough)) == []


def test_a_map_of_few_places_is_not_judged(tmp_path):
    one, other = [paint(n, is_marked=True) for n in range(N_EACH)], [paint(100 + n) for n in range(N_EACH)]
    assert find_border_evidence(gather(tmp_path, 96, one=one, other=other)) == []
