"""Quantise a classifier: choose the photos for it, and make its network int8. Its head stays float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from headstart.backbone import view_averaging
from headstart.backbone.backbone import Backbone
from headstart.backbone.graph_file import cut_out, make_name, make_signature, rename_layers, take_apart
from headstart.catalog.photo import Photo
from headstart.classifier.build import build_classifier
from headstart.classifier.engines import ClassifierEngines
from headstart.classifier.file import ClassifierFile, parse_classifier
from headstart.classifier.metadata import Metadata
from headstart.exports.licence_notice import PREFIX
from headstart.features.calibration_photos import (
    Item,
    choose_for_calibration,
    quantise_on_photos,
    read_for_calibration,
)
from headstart.head.novelty import NoveltyTest
from headstart.pixels.resizing import Pixels
from headstart.process.progress import Progress, ignore_progress

ENOUGH_TO_CALIBRATE = 50  # photos
Floats = npt.NDArray[np.float32]


def choose_calibration_photos(photos: Sequence[Photo], checked: Sequence[Photo], metadata: Metadata) -> list[Photo]:
    """Return up to 200 photos to quantise a classifier on, if its export is then ``checked`` on some of them.

    Training photos are taken if there are at least 50, because they cannot show how the export does on unseen photos.
    Otherwise photos that are not checked are taken, if there are at least 50; otherwise any.
    """
    seen = [photo for photo in photos if metadata.has_seen(photo.digest)]
    taken = {photo.digest for photo in checked}
    unchecked = [photo for photo in photos if photo.digest not in taken]
    for pool in (seen, unchecked):
        chosen = choose_for_calibration(pool)
        if len(chosen) >= ENOUGH_TO_CALIBRATE:
            return chosen
    return choose_for_calibration(photos)


def quantise_classifier(
    contents: ClassifierFile, photos: Sequence[Item], *, progress: Progress = ignore_progress
) -> tuple[ClassifierFile, list[Item]]:
    """Return the classifier with its network quantised on up to 200 photos, and the photos that could be read for it.

    Its novelty test is shifted, so that it refuses as many of the classifier's own photos as before. A classifier that
    is quantised already is returned unchanged, without photos.
    """
    metadata = contents.metadata
    if metadata.is_quantised:
        return contents, []
    backbone, read = quantise_on_photos(
        photos, extract_backbone(contents), metadata.image_size, depth=metadata.depth, progress=progress
    )
    metadata = replace(metadata, precision="int8", spec=backbone.spec)
    weights, bias, test = contents.weights, contents.bias, contents.novelty
    quantised = parse_classifier(build_classifier(backbone, weights, bias, metadata, test))
    if test is not None:
        pixels, _ = read_for_calibration(read, metadata.image_size, depth=metadata.depth)
        test = test.shift(measure_shift(test, extract_last(contents, pixels), extract_last(quantised, pixels)))
        quantised = parse_classifier(build_classifier(backbone, weights, bias, metadata, test))
    return quantised, read


def measure_shift(test: NoveltyTest, features: Floats, quantised: Floats) -> float:
    """Return by how much the novelty scores of photos rise if their features (N, D) are of a quantised network.

    Its rounding adds to each feature a part that no component explains: the scores of own photos rise by 1% to 70%.
    With the shift as many of them are refused as before. It is the median over the photos that the network was
    quantised on; a factor or a straight line instead lets more strangers pass (docs/decisions/0015-exports.md).
    """
    return float(np.median(test.score(quantised) - test.score(features)))


def extract_last(contents: ClassifierFile, pixels: Pixels) -> Floats:
    """Return the features of the last stage, (N, D), of pixels (N, S, S, 3)."""
    features = ClassifierEngines(contents, "f32").extract(pixels)
    return features if contents.novelty is None else features[:, -len(contents.novelty.mean) :]


def extract_backbone(contents: ClassifierFile) -> Backbone:
    """Return the backbone of a classifier, from the pixels of one view to its features."""
    metadata = contents.metadata
    file = take_apart(contents.data)
    names = {"pixels": "pixels", "features": "features"}
    if metadata.n_averaged > 1:
        names = {view_averaging.PIXELS: "pixels", view_averaging.FEATURES: "features"}
    trunk = rename_layers(cut_out(file.trunk, *names), names)
    ends = make_signature("features", metadata.spec.n_features, metadata.image_size)
    entries = {key.removeprefix(PREFIX): value for key, value in file.entries.items() if key.startswith(PREFIX)}
    return Backbone(metadata.spec, file.join(trunk + make_name(metadata.spec.name) + ends, entries))
