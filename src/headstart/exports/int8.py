"""Quantise a classifier: its network becomes int8, its head stays float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headstart.backbone import view_averaging
from headstart.backbone.backbone import Backbone
from headstart.backbone.graph_file import cut_out, make_name, make_signature, rename_layers, take_apart
from headstart.classifier.build import build_classifier
from headstart.classifier.file import ClassifierFile, parse_classifier
from headstart.features.calibration_photos import quantise_on_photos
from headstart.features.extraction import PhotoFile
from headstart.process.progress import Progress, ignore_progress


def quantise_classifier(
    contents: ClassifierFile, photos: Sequence[PhotoFile], *, progress: Progress = ignore_progress
) -> ClassifierFile:
    """Return the classifier with its network quantised on up to 200 photos, or unchanged if it already is.

    Raises
    ------
    CatalogError
        If none of the photos can be decoded.
    MissingExtraError
        If onnxruntime is not installed.
    """
    metadata = contents.metadata
    if metadata.is_quantised:
        return contents
    backbone = quantise_on_photos(photos, extract_backbone(contents), metadata.image_size, progress=progress)
    metadata = replace(metadata, precision="int8", spec=backbone.spec)
    return parse_classifier(build_classifier(backbone, contents.weights, contents.bias, metadata))


def extract_backbone(contents: ClassifierFile) -> Backbone:
    """Return the backbone of a classifier, from the pixels of one view to its features."""
    metadata = contents.metadata
    file = take_apart(contents.data)
    names = {"pixels": "pixels", "features": "features"}
    if metadata.n_averaged > 1:
        names = {view_averaging.PIXELS: "pixels", view_averaging.FEATURES: "features"}
    trunk = rename_layers(cut_out(file.trunk, *names), names)
    ends = make_signature("features", metadata.spec.n_features, metadata.image_size)
    entries = {
        key.removeprefix("backbone."): value for key, value in file.entries.items() if key.startswith("backbone.")
    }
    return Backbone(metadata.spec, file.join(trunk + make_name(metadata.spec.name) + ends, entries))
