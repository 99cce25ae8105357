"""A photo file's bytes become square uint8 RGB pixels: one decoder for training, prediction and serving.

JPEG goes through libjpeg-turbo, which can shrink by a power of two while it decodes; whatever it refuses, and every
other format, goes through Pillow, which therefore has the last word on what is a photo.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import warnings
from pathlib import Path

import numpy as np

from headstart.errors import PhotoError
from headstart.pixels.colours import convert_to_rgb
from headstart.pixels.file_format import sniff_format
from headstart.pixels.orientation import read_jpeg_orientation, read_orientation, turn_upright
from headstart.pixels.photo_bytes import read_bytes
from headstart.pixels.resizing import Pixels, describe_resizer, resize_pixels
from headstart.pixels.views import RENDERING_RULES

DECODING_RULES = 3  # counts up when this room's code gives other pixels for the same photo
MAX_PIXELS = 178_956_970  # for every format: where Pillow refuses a decompression bomb, half a gigabyte of RGB
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")  # a list: Pillow would open far more, EPS among them
PILLOW_FILTER = ("ignore", None, Warning, re.compile(r"PIL\."), 0)  # as `warnings.filters` holds it
_CODECS = ("jpg", "webp", "libtiff", "zlib")
_filter_lock = threading.Lock()


def describe_decoder() -> str:
    """Return what decides the pixels besides the photo: libraries, their codecs' versions and this room's own rules."""
    import simplejpeg
    from PIL import __version__, features

    codecs = ", ".join(f"{name} {features.version(name)}" for name in _CODECS)
    rules = f"decoding rules {DECODING_RULES}, rendering rules {RENDERING_RULES}"
    return f"{rules}, simplejpeg {simplejpeg.__version__}, {describe_resizer()}, pillow {__version__} ({codecs})"


def decode_photo(data: bytes, size_px: int, *, max_pixels: int | None = None) -> Pixels:
    """Decode a photo and stretch it to a square.

    EXIF orientation is applied; grey, CMYK, palette, transparent (over white) and 16-bit photos become RGB; of an
    animation the first frame counts. About 0.4 ms for a JPEG of 450 x 370 pixels.

    Parameters
    ----------
    data
        The file's bytes.
    size_px
        Side of the square.
    max_pixels
        A photo of more is refused before it is decoded; default: `MAX_PIXELS`.

    Returns
    -------
    (``size_px``, ``size_px``, 3) uint8, RGB.

    Raises
    ------
    PhotoError
        If the bytes are no complete photo of a known format; the message is the reason.
    """
    pixels, orientation = _decode(data, size_px, max_pixels)
    return np.ascontiguousarray(turn_upright(resize_pixels(pixels, size_px, size_px), orientation))


def read_thumbnail(path: Path, size_px: int) -> Pixels:
    """Read a photo for looking at: (H, W, 3) uint8 RGB in its own proportions, neither side above ``size_px``.

    Raises
    ------
    PhotoError
        If it cannot be read or decoded.
    """
    return decode_thumbnail(read_bytes(path), size_px)


def decode_thumbnail(data: bytes, size_px: int) -> Pixels:
    """Decode a photo for looking at, as `read_thumbnail`."""
    pixels, orientation = _decode(data, size_px)
    height, width = pixels.shape[:2]
    scale = min(1.0, size_px / max(height, width))
    small = resize_pixels(pixels, max(1, round(height * scale)), max(1, round(width * scale)))
    return np.ascontiguousarray(turn_upright(small, orientation))


def read_photo(path: Path, size_px: int, digest: str | None = None) -> Pixels:
    """Read and decode a photo file to (``size_px``, ``size_px``, 3) uint8 RGB.

    Parameters
    ----------
    digest
        SHA-256 in hex that its bytes must have, if given.

    Raises
    ------
    PhotoError
        If it cannot be read or decoded, or its bytes are no longer those of ``digest``.
    """
    data = read_bytes(path)
    if digest is not None and hashlib.sha256(data).hexdigest() != digest:
        raise PhotoError("was changed while it was being used")
    return decode_photo(data, size_px)


def open_photo(data: bytes) -> Pixels:
    """Decode a photo at its own size: (H, W, 3) uint8 RGB, upright.

    Raises
    ------
    PhotoError
        As `decode_photo`.
    """
    pixels, orientation = _decode(data, None)
    return np.ascontiguousarray(turn_upright(pixels, orientation))


def _decode(data: bytes, size_px: int | None, max_pixels: int | None = None) -> tuple[Pixels, int]:
    """Return RGB pixels as they are stored, not far above ``size_px`` where that is faster, and their orientation.

    The orientation is undone after shrinking: a square of 160 pixels turns in a tenth of the time of a photo.
    """
    max_pixels = max_pixels or MAX_PIXELS
    kind = sniff_format(data[:32])
    if kind is None:
        raise PhotoError("empty file" if not data else "not a photo: no known signature")
    _ignore_pillow_warnings()
    pixels = _decode_jpeg(data, size_px, max_pixels) if kind == "jpeg" else None
    return _decode_any(data, max_pixels) if pixels is None else (pixels, read_jpeg_orientation(data))


def _decode_jpeg(data: bytes, size_px: int | None, max_pixels: int) -> Pixels | None:
    """Decode a plain JPEG fast; None leaves it to Pillow (CMYK, damage, anything unusual)."""
    import simplejpeg

    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        _check_pixels(width, height, max_pixels)
        if colours not in ("YCbCr", "RGB", "Gray"):
            return None
        # libjpeg-turbo has fast code for these factors alone: 5/8 or 7/8 would take longer than the whole
        factor = 1 if size_px is None else next((f for f in (8, 4, 2) if min(height, width) >= f * size_px), 1)
        pixels: Pixels = simplejpeg.decode_jpeg(
            data, "RGB", min_height=-(-height // factor), min_width=-(-width // factor), min_factor=1
        )
    except ValueError:
        return None
    return pixels


def _decode_any(data: bytes, max_pixels: int) -> tuple[Pixels, int]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_pixels(image.width, image.height, max_pixels)
            image.load()
            orientation = read_orientation(image)
            return np.asarray(convert_to_rgb(image)), orientation
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


def _ignore_pillow_warnings() -> None:
    """Ignore Pillow's warnings in the whole process, from the first photo on: a broken tag is no reason to refuse one.

    `warnings.catch_warnings` around each photo is not safe in threads: it leaves the filters of the process changed.
    This one filter concerns the modules of Pillow alone, and is put back in front where someone's own
    `catch_warnings` or a newer filter has taken it away: what is a photo must not hang on the filters of the day.
    """
    if warnings.filters[:1] != [PILLOW_FILTER]:
        with _filter_lock:
            warnings.filterwarnings("ignore", module=PILLOW_FILTER[3].pattern)
