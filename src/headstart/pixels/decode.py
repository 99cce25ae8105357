"""A photo file's bytes become square uint8 RGB pixels: one decoder for training, prediction and serving.

JPEG is decoded by libjpeg-turbo, which can shrink by a power of two meanwhile. Pillow decodes every other format, and
every JPEG that libjpeg-turbo refuses: so Pillow decides what is a photo.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from headstart.errors import PhotoError
from headstart.pixels.colour_profiles import convert_pixels, find_transform, join_jpeg_profile
from headstart.pixels.colours import convert_to_rgb
from headstart.pixels.file_format import JPEG, FileFormat, recognise_photo
from headstart.pixels.jpeg_segments import read_jpeg_segments
from headstart.pixels.opening import drop_unused_alpha, open_image
from headstart.pixels.orientation import read_jpeg_orientation, read_orientation, turn_upright
from headstart.pixels.photo_bytes import read_bytes
from headstart.pixels.pillow_warnings import ignore_pillow_warnings
from headstart.pixels.resizing import Pixels, describe_resizer, resize_pixels
from headstart.pixels.views import RENDERING_RULES
from headstart.process.packages import find_version, is_installed

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

DECODING_RULES = 4  # counts up when this room's code gives other pixels for the same photo
MAX_PIXELS = 178_956_970  # of every format: Pillow refuses more as a decompression bomb; half a gigabyte of RGB
_CODECS = ("jpg", "jpg_2000", "webp", "avif", "libtiff", "zlib", "littlecms2")


class _Stored(NamedTuple):
    """A photo as it is stored: RGB pixels, their orientation, and their transform to sRGB."""

    pixels: Pixels
    orientation: int
    to_srgb: ImageCmsTransform | None


def describe_decoder() -> str:
    """Return a text that changes if the same photo may get other pixels; it is a part of cache keys.

    It has the versions of the libraries and codecs, and the version numbers of our own decoding and rendering.
    """
    import simplejpeg
    from PIL import __version__, features

    codecs = ", ".join(f"{name} {features.version(name)}" for name in _CODECS)
    if is_installed("pillow_heif"):
        codecs += f", pillow_heif {find_version('pillow_heif', 'pillow_heif')}"
    rules = f"decoding rules {DECODING_RULES}, rendering rules {RENDERING_RULES}"
    return f"{rules}, simplejpeg {simplejpeg.__version__}, {describe_resizer()}, pillow {__version__} ({codecs})"


def decode_photo(data: bytes, size_px: int, *, max_pixels: int | None = None) -> Pixels:
    """Decode a photo and stretch it to a square.

    EXIF orientation is applied. Grey, CMYK, palette, transparent (over white) and 16-bit photos become RGB, and colours
    with an embedded profile become sRGB. Of an animation, the first frame is decoded. Takes about 0.4 ms for a JPEG of
    450 x 370 pixels. The warning filters of the program neither matter nor change.

    Parameters
    ----------
    max_pixels
        Largest number of pixels; a larger photo is refused before it is decoded. Default: `MAX_PIXELS`.

    Returns
    -------
    (``size_px``, ``size_px``, 3) uint8, RGB.

    Raises
    ------
    PhotoError
        If the bytes are not a complete photo of a known format; the message is the reason.
    """
    stored = _decode(data, size_px, max_pixels)
    return _finish(resize_pixels(stored.pixels, size_px, size_px), stored)


def read_thumbnail(path: Path, size_px: int) -> Pixels:
    """Read a photo for display: (H, W, 3) uint8 RGB in its own proportions, neither side above ``size_px``."""
    return decode_thumbnail(read_bytes(path), size_px)


def decode_thumbnail(data: bytes, size_px: int) -> Pixels:
    """Decode the bytes of a photo for display; the result is that of `read_thumbnail`."""
    stored = _decode(data, size_px)
    height, width = stored.pixels.shape[:2]
    scale = min(1.0, size_px / max(height, width))
    small = resize_pixels(stored.pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    return _finish(small, stored)


def read_photo(path: Path, size_px: int, digest: str | None = None) -> Pixels:
    """Read and decode a photo file to (``size_px``, ``size_px``, 3) uint8 RGB.

    Parameters
    ----------
    digest
        Expected SHA-256 of the bytes, in hex; None for no check.

    Raises
    ------
    PhotoError
        If the photo cannot be read or decoded, or its bytes do not have this digest.
    """
    data = read_bytes(path)
    if digest is not None and hashlib.sha256(data).hexdigest() != digest:
        raise PhotoError("was changed while it was being used")
    return decode_photo(data, size_px)


def open_photo(data: bytes) -> Pixels:
    """Decode a photo at its own size: (H, W, 3) uint8 RGB, upright."""
    stored = _decode(data, None)
    return _finish(stored.pixels, stored)


def _finish(pixels: Pixels, stored: _Stored) -> Pixels:
    """Turn resized pixels upright and convert them to sRGB: both cost a tenth of what they would before resizing."""
    return np.ascontiguousarray(turn_upright(convert_pixels(pixels, stored.to_srgb), stored.orientation))


def _decode(data: bytes, size_px: int | None, max_pixels: int | None = None) -> _Stored:
    """Decode a photo. A large one may get a fraction of its size, if both sides stay at least ``size_px``."""
    max_pixels = max_pixels or MAX_PIXELS
    kind = recognise_photo(data)
    if kind is JPEG:
        segments = read_jpeg_segments(data)  # first: it refuses what takes the libraries minutes
        decoded = _decode_jpeg(data, size_px, max_pixels)
        if decoded is not None:
            pixels, mode = decoded
            transform = find_transform(join_jpeg_profile(data, segments), mode)
            return _Stored(pixels, read_jpeg_orientation(data, segments), transform)
    return _decode_with_pillow(data, kind, max_pixels)


def _decode_jpeg(data: bytes, size_px: int | None, max_pixels: int) -> tuple[Pixels, str] | None:
    """Decode a plain JPEG fast; return None if Pillow must decode it (CMYK, damage, anything unusual)."""
    import simplejpeg

    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        _check_pixels(width, height, max_pixels)
        if colours not in ("YCbCr", "RGB", "Gray"):
            return None
        # libjpeg-turbo has fast code for these factors only: 5/8 or 7/8 would take longer than the full size
        factor = 1 if size_px is None else next((f for f in (8, 4, 2) if min(height, width) >= f * size_px), 1)
        pixels: Pixels = simplejpeg.decode_jpeg(
            data, "RGB", min_height=-(-height // factor), min_width=-(-width // factor), min_factor=1
        )
    except ValueError:
        return None
    return pixels, "L" if colours == "Gray" else "RGB"


def _decode_with_pillow(data: bytes, kind: FileFormat, max_pixels: int) -> _Stored:
    from PIL import Image, ImageCms

    try:
        with ignore_pillow_warnings(), open_image(data, kind) as image:
            _check_pixels(image.width, image.height, max_pixels)
            image.load()
            orientation = read_orientation(image)
            transform = find_transform(image.info.get("icc_profile"), image.mode)
            if image.mode == "CMYK" and transform is not None:
                return _Stored(np.asarray(ImageCms.applyTransform(image, transform)), orientation, None)
            rgb = convert_to_rgb(drop_unused_alpha(image, data, kind))
            return _Stored(np.asarray(rgb), orientation, transform)
    except PhotoError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise _refuse_size(max_pixels) from None
    except Exception as error:
        # Pillow's readers raise almost anything on damaged bytes (SyntaxError and struct.error among them)
        reason = str(error).split("<")[0].strip().rstrip(".") or type(error).__name__
        raise PhotoError(f"cannot be decoded: {reason}") from None


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise _refuse_size(max_pixels)


def _refuse_size(max_pixels: int) -> PhotoError:
    return PhotoError(f"too many pixels: more than {max_pixels:,}")
