"""Quantise a classifier: choose the photos for it, and make its network int8. Its head stays float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headstart.backbone import view_averaging
from headstart.backbone.backbone import Backbone
from headstart.backbone.graph_file import cut_out, make_name, make_signature, rename_layers, take_apart
from headstart.catalog.photo import Photo
from headstart.classifier.build import build_classifier
from headstart.classifier.file import ClassifierFile, parse_classifier
from headstart.classifier.metadata import Metadata
from headstart.exports.licence_notice import PREFIX
from headstart.features.calibration_photos import Item, choose_for_calibration, quantise_on_photos
from headstart.process.progress import Progress, ignore_progress

ENOUGH_TO_CALIBRATE = 50  # photos


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

    A classifier that is quantised already is returned unchanged, without photos.
    """
    metadata = contents.metadata
    if metadata.is_quantised:
        return contents, []
    backbone, read = quantise_on_photos(
        photos, extract_backbone(contents), metadata.image_size, depth=metadata.depth, progress=progress
    )
    metadata = replace(metadata, precision="int8", spec=backbone.spec)
    return parse_classifier(build_classifier(backbone, contents.weights, contents.bias, metadata)), read


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
