"""Notes on photos with 16 bits a sample whose values fill only a part of these bits, or more than the given depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headstart.catalog.photo import Photo
from headstart.errors import PhotoError
from headstart.evaluation.notes import Note
from headstart.pixels.photo_bytes import read_bytes
from headstart.pixels.sample_values import HEAD_BYTES, MAX_DEPTH, MIN_DEPTH, may_be_deep, measure_brightest
from headstart.storage.remote_paths import RemotePath

N_SAMPLED = 50  # photos
SUFFIXES = (".png", ".tif", ".tiff")  # of formats that may have 16 bits a sample without naming their range


def list_depth_notes(photos: Sequence[Photo], depth: int) -> list[Note]:
    """Return a note if the brightest of up to 50 photos with 16 bits a sample does not fit the depth, or none.

    It does not fit if it is below a quarter of white, or above white. Costs nothing for photos of 8 bits, 1 ms for 50
    PNG files of 8 bits, and a few ms for each photo of 16 bits. Photos in stores are not read.
    """
    candidates = _list_candidates(photos, depth)
    found: list[int] = []
    white, enough = 2**depth - 1, 2 ** (depth - 2)
    for photo in _sample(candidates):
        brightest = _measure(photo)
        if brightest is not None and brightest >= enough and depth == MAX_DEPTH:
            return []  # no value is above white
        if brightest is not None:
            found.append(brightest)
    if not found or enough <= max(found) <= white:
        return []
    seen, fitting = f"The brightest value of {len(found)} sampled photos", max(max(found).bit_length(), MIN_DEPTH)
    if max(found) > white:
        text = (
            f"{seen} with 16 bits a sample is {max(found):,}, above {white:,}, the white of a depth of {depth} bits: "
            f"such values became white. Train with --depth {fitting}."
        )
    elif max(found) == 0 or fitting >= depth:
        return []
    else:
        text = (
            f"{seen} with 16 bits a sample is {max(found):,}, where white is {white:,}: the photos become dark. "
            f"If they hold values of {fitting} bits, train with --depth {fitting}."
        )
    return [Note("depth", text, "warning")]


def note_unused_depth(photos: Sequence[Photo], depth: int) -> list[Note]:
    """Return a note if a depth was given, and none of up to 50 photos has 16 bits a sample; or none."""
    candidates = _list_candidates(photos, depth)
    if depth == MAX_DEPTH or not candidates or any(_measure(photo) is not None for photo in _sample(candidates)):
        return []
    reason = "no sampled photo is a PNG or TIFF file with 16 bits a sample that leaves its depth open"
    return [Note("unused-option", f"The option --depth {depth} had no effect: {reason}.", "warning")]


def _list_candidates(photos: Sequence[Photo], depth: int) -> list[Photo]:
    # a given depth says that 16 bits are expected: then the content decides, as in the decoder, and no name
    is_given = depth < MAX_DEPTH
    return [
        photo
        for photo in photos
        if (is_given or photo.file.lower().endswith(SUFFIXES)) and not isinstance(photo.path, RemotePath)
    ]


def _sample(photos: Sequence[Photo]) -> Sequence[Photo]:
    return photos[:: -(-len(photos) // N_SAMPLED) or 1]


def _measure(photo: Photo) -> int | None:
    """Return the brightest value of a photo whose range the depth decides; None for others and unreadable ones."""
    try:
        return measure_brightest(read_bytes(photo.path)) if may_be_deep(_read_head(photo.path)) else None
    except (OSError, PhotoError):
        return None  # reported where the photos are decoded


def _read_head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except NotADirectoryError:  # in a tar shard or a table
        return read_bytes(path)[:HEAD_BYTES]
