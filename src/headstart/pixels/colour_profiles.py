"""Convert pixels from the colour profile that a photo embeds to sRGB, with littleCMS (docs/decisions/0024)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from headstart.pixels.jpeg_segments import APP2, Segment
from headstart.pixels.resizing import Pixels

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

MAX_PROFILE_BYTES = 4_000_000  # profiles of cameras and screens have 0.5 to 9 kB, those of presses up to 3 MB
_N_PROFILES = 16  # in memory, with their transforms
_SAME_LEVELS = 1  # a profile that changes no colour by more is sRGB, rounded differently
_MARK = b"ICC_PROFILE\x00"
# ICC.1:2022, 7.2.5. Not device links, abstract and named colours: they do not say what the pixels of a photo mean
_CLASSES = (b"mntr", b"scnr", b"prtr", b"spac")
# For each space of a profile: the mode of its transform, and the modes of photos that it may describe. In a grey photo
# a profile of RGB describes three equal channels, as in browsers.
_MODES = {b"RGB ": ("RGB", ("RGB", "L")), b"GRAY": ("L", ("L",)), b"CMYK": ("CMYK", ("CMYK",))}
# Pillow's other modes by the colours that a profile describes
_COLOURS = {
    **dict.fromkeys(("1", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"), "L"),
    **dict.fromkeys(("RGBA", "RGBa", "RGBX", "P", "PA", "YCbCr"), "RGB"),
}


def join_jpeg_profile(data: bytes, segments: Sequence[Segment]) -> bytes | None:
    """Return the ICC profile of a JPEG, whose parts stand in APP2 segments (ICC.1:2022, B.4).

    Each part has its number, from 1, and the number of parts. None if there is no profile or a part is missing.

    Parameters
    ----------
    segments
        Result of `read_jpeg_segments` for ``data``.
    """
    parts, n_parts = {}, 0
    for marker, start, end in segments:
        if marker == APP2 and data.startswith(_MARK, start) and end - start > len(_MARK) + 2:
            number, n_parts = data[start + len(_MARK) : start + len(_MARK) + 2]
            parts[number] = data[start + len(_MARK) + 2 : end]
    if not parts or len(parts) != n_parts:
        return None
    return b"".join(parts[number] for number in sorted(parts))


def find_transform(profile: bytes | None, mode: str) -> ImageCmsTransform | None:
    """Return the transform to sRGB for the pixels of a photo; None if they are read as sRGB.

    A photo is read as sRGB if it has no profile, or one of sRGB, or one that is broken, larger than
    `MAX_PROFILE_BYTES`, or made for other colours than the photo's. Browsers do the same. A new profile takes 6 ms, a
    known one a look-up. Safe in threads.

    Parameters
    ----------
    profile
        Bytes of the embedded ICC profile.
    mode
        Pillow's mode of the photo.
    """
    if not profile or len(profile) > MAX_PROFILE_BYTES:
        return None
    return _build_transform(profile, _COLOURS.get(mode, mode))


def convert_pixels(pixels: Pixels, transform: ImageCmsTransform | None) -> Pixels:
    """Convert RGB pixels, (H, W, 3) uint8, to sRGB. Grey ones have three equal channels. Takes 30 ns a pixel.

    Without a transform they are returned as the same object.
    """
    if transform is None:
        return pixels
    from PIL import Image, ImageCms

    stored = pixels if transform.input_mode == "RGB" else np.ascontiguousarray(pixels[..., 0])
    return np.asarray(ImageCms.applyTransform(Image.fromarray(stored), transform))


@lru_cache(_N_PROFILES)
def _build_transform(data: bytes, mode: str) -> ImageCmsTransform | None:
    from PIL import ImageCms

    kind, space = data[12:16], data[16:20]  # ICC.1:2022, 7.2
    source, fitting = _MODES.get(space, ("", ()))
    if mode not in fitting or kind not in _CLASSES:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(_hide_elements(data)))
        # perceptual, as in browsers; profiles of screens know no other intent
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), source, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
    return None if _changes_nothing(transform) else transform


def _hide_elements(profile: bytes) -> bytes:
    """Rename the tags D2B0 to D2B3: littleCMS then reads the tables or the matrix that every profile has beside them.

    They may chain thousands of computations: a photo of 80 kB took minutes, and all threads waited. Browsers do not
    read them either.
    """
    table = bytearray(profile)
    n_tags = int.from_bytes(table[128:132], "big")  # ICC.1:2022, 7.3
    for at in range(132, min(132 + 12 * n_tags, len(table)), 12):
        if table[at : at + 3] == b"D2B":
            table[at : at + 3] = b"d2b"
    return bytes(table)


def _changes_nothing(transform: ImageCmsTransform) -> bool:
    """Say whether no colour changes by more than `_SAME_LEVELS`."""
    if transform.input_mode == "CMYK":
        return False
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    if transform.input_mode == "RGB":
        colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 3)
    else:
        colours = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], 3)
    change = convert_pixels(colours, transform).astype(int) - colours
    return bool(np.abs(change).max() <= _SAME_LEVELS)
