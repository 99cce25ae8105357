"""A backbone that is quantised on the user's own photos: which ones, and once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from headstart.backbone.loading import Backbone
from headstart.backbone.quantising import describe_quantiser, quantise_backbone, wrap_quantised
from headstart.cores import count_cores
from headstart.errors import CatalogError, PhotoError
from headstart.features.extract import PhotoFile
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.pixels.reading import read_bytes
from headstart.progress import Progress, ignore_progress
from headstart.shelf import fetch_result, keep_result, name_result

N_PHOTOS = 200
Item = TypeVar("Item", bound=PhotoFile)


def quantise_on_photos(
    photos: Sequence[PhotoFile], backbone: Backbone, image_size: int, *, progress: Progress = ignore_progress
) -> Backbone:
    """Return the backbone quantised on up to 200 photos, or fetch it from the shelf.

    The photos with the lowest digests are taken: neither their order nor their paths matter. Those that cannot be
    decoded are passed over.

    Parameters
    ----------
    photos
        Training photos.
    progress
        Counts two steps a photo: decoded, calibrated on.

    Raises
    ------
    CatalogError
        If none of the photos can be decoded.
    MissingExtraError
        If onnxruntime is not installed.
    """
    chosen = choose_for_calibration(photos)
    name = name_result(
        "int8", backbone.spec.fingerprint(), str(image_size), describe_decoder(), describe_quantiser(),
        *(photo.digest for photo in chosen),
    )  # fmt: skip
    kept = fetch_result(name)
    if kept is not None:
        return wrap_quantised(backbone, kept)
    pixels, failures = [], {}
    with ThreadPoolExecutor(count_cores()) as pool:
        for n, decoded in enumerate(pool.map(lambda photo: _try_to_read(photo, image_size), chosen), 1):
            if isinstance(decoded, PhotoError):
                failures[n - 1] = decoded
            else:
                pixels.append(decoded)
            progress(n, 2 * len(chosen))
    if not pixels:
        first = f", such as '{chosen[0].path}': {failures[0]}" if chosen else ""
        raise CatalogError(
            f"Cannot quantise backbone {backbone.spec.name!r}: got {len(chosen)} training photos, and none that can "
            f"be decoded{first}. Leave --precision out to see what is wrong with each."
        )
    n_before = 2 * len(chosen) - len(pixels)
    quantised = quantise_backbone(
        backbone, np.stack(pixels), progress=lambda n_done, _: progress(n_before + n_done, 2 * len(chosen))
    )
    if all(_is_unchanged(chosen[n]) for n in failures):  # else it is not what the name says
        keep_result(name, quantised.weights)
    return quantised


def read_for_calibration(photos: Sequence[PhotoFile], image_size: int) -> npt.NDArray[np.uint8]:
    """Return the pixels of the photos that `quantise_on_photos` takes, (N, S, S, 3) uint8.

    Raises
    ------
    CatalogError
        If none of them can be decoded.
    """
    pixels = [_try_to_read(photo, image_size) for photo in choose_for_calibration(photos)]
    decoded = [photo for photo in pixels if not isinstance(photo, PhotoError)]
    if not decoded:
        raise CatalogError(f"Cannot quantise: got {len(photos)} photos, and none that can be decoded.")
    return np.stack(decoded)


def choose_for_calibration(photos: Sequence[Item]) -> list[Item]:
    """Return the up to 200 photos with the lowest digests, each once: those that `quantise_on_photos` takes."""
    by_digest = {photo.digest: photo for photo in photos}
    return [by_digest[digest] for digest in sorted(by_digest)[:N_PHOTOS]]


def _try_to_read(photo: PhotoFile, image_size: int) -> npt.NDArray[np.uint8] | PhotoError:
    try:
        return read_photo(photo.path, image_size, photo.digest)
    except PhotoError as error:
        return error


def _is_unchanged(photo: PhotoFile) -> bool:
    try:
        return hashlib.sha256(read_bytes(photo.path)).hexdigest() == photo.digest
    except PhotoError:
        return False
