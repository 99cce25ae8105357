"""Quantise a backbone on the user's own photos: choose and decode them, and keep the result."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import Backbone
from headstart.backbone.quantising import describe_quantiser, quantise_backbone, wrap_quantised
from headstart.errors import CatalogError, PhotoError
from headstart.features.extraction import PhotoFile
from headstart.pixels.decode import describe_decoder, read_photo
from headstart.pixels.photo_bytes import read_bytes
from headstart.process.cores import count_cores
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.result_cache import fetch_result, keep_result, name_result

N_PHOTOS = 200
Item = TypeVar("Item", bound=PhotoFile)


def quantise_on_photos(
    photos: Sequence[Item],
    backbone: Backbone,
    image_size: int,
    *,
    depth: int = 16,
    progress: Progress = ignore_progress,
) -> tuple[Backbone, list[Item]]:
    """Return the backbone quantised on up to 200 photos, from the result cache if it is there, and these photos.

    The photos with the lowest digests are used, so neither order nor paths matter. Photos that cannot be decoded are
    left out.

    Parameters
    ----------
    depth
        As for `read_photo`.
    progress
        Called for two steps of each photo: decoding and calibration.
    """
    chosen = choose_for_calibration(photos)
    name = name_result(
        "int8", backbone.spec.fingerprint(), str(image_size), str(depth), describe_decoder(),
        describe_quantiser(),
        *(photo.digest for photo in chosen),
    )  # fmt: skip
    name_of_read = name_result("int8-read", name)
    kept, kept_read = fetch_result(name), fetch_result(name_of_read)
    if kept is not None and kept_read is not None:
        digests = set(kept_read.decode().split())
        return wrap_quantised(backbone, kept), [photo for photo in chosen if photo.digest in digests]
    pixels, unread = _decode(chosen, image_size, depth, lambda n_done, n: progress(n_done, 2 * n))
    n_before = 2 * len(chosen) - len(pixels)
    n_steps = 2 * len(chosen)
    quantised = quantise_backbone(backbone, pixels, progress=lambda n_done, _: progress(n_before + n_done, n_steps))
    read = _drop(chosen, unread)
    if all(map(_is_unchanged, unread)):  # otherwise the name, made of digests, would be wrong
        keep_result(name, quantised.weights)
        keep_result(name_of_read, " ".join(photo.digest for photo in read).encode())
    return quantised, read


def read_for_calibration(
    photos: Sequence[Item], image_size: int, *, depth: int = 16
) -> tuple[npt.NDArray[np.uint8], list[Item]]:
    """Return the pixels of the photos that `quantise_on_photos` uses, (N, S, S, 3) uint8, and these photos."""
    chosen = choose_for_calibration(photos)
    pixels, unread = _decode(chosen, image_size, depth)
    return pixels, _drop(chosen, unread)


def _drop(photos: Sequence[Item], unread: Sequence[PhotoFile]) -> list[Item]:
    digests = {photo.digest for photo in unread}
    return [photo for photo in photos if photo.digest not in digests]


def choose_for_calibration(photos: Sequence[Item]) -> list[Item]:
    """Return the photos that `quantise_on_photos` uses: up to 200, with the lowest digests, each once."""
    by_digest = {photo.digest: photo for photo in photos}
    return [by_digest[digest] for digest in sorted(by_digest)[:N_PHOTOS]]


def _decode(
    photos: Sequence[PhotoFile], image_size: int, depth: int, progress: Progress = ignore_progress
) -> tuple[npt.NDArray[np.uint8], list[PhotoFile]]:
    """Return the pixels of the photos that can be decoded, and the other photos."""
    pixels, unread, reason = [], [], ""
    with ThreadPoolExecutor(count_cores()) as pool:
        found = pool.map(lambda photo: _try_to_decode(photo, image_size, depth), photos)
        for n_done, (photo, decoded) in enumerate(zip(photos, found, strict=True), 1):
            if isinstance(decoded, PhotoError):
                unread.append(photo)
                reason = reason or f", such as '{photo.path}': {decoded}"
            else:
                pixels.append(decoded)
            progress(n_done, len(photos))
    if not pixels:
        raise CatalogError(f"Cannot quantise: got none of {len(photos):,} photos that can be decoded{reason}.")
    return np.stack(pixels), unread


def _try_to_decode(photo: PhotoFile, image_size: int, depth: int) -> npt.NDArray[np.uint8] | PhotoError:
    try:
        return read_photo(photo.path, image_size, photo.digest, depth=depth)
    except PhotoError as error:
        return error


def _is_unchanged(photo: PhotoFile) -> bool:
    try:
        return hashlib.sha256(read_bytes(photo.path)).hexdigest() == photo.digest
    except PhotoError:
        return False
