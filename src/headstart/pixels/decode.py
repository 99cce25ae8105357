"""A photo file's bytes become square uint8 RGB pixels: one decoder for training, prediction and serving.

JPEG is decoded by libjpeg-turbo, which can shrink by a power of two meanwhile. Pillow decodes every other format, and
every JPEG that libjpeg-turbo refuses: so Pillow decides what is a photo.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from headstart.errors import PhotoError
from headstart.pixels.colour_profiles import convert_pixels, find_transform, join_jpeg_profile
from headstart.pixels.colours import convert_to_rgb
from headstart.pixels.damage import report_damage
from headstart.pixels.decoding_process import decode_in_own_process
from headstart.pixels.extents import read_extent
from headstart.pixels.file_format import JPEG, FileFormat, recognise_photo
from headstart.pixels.image_columns import ImageColumns
from headstart.pixels.jpeg_extent import Extent
from headstart.pixels.limits import DEFAULT_LIMITS, DecodingLimits, check_memory, check_size, refuse_memory
from headstart.pixels.memory_budget import LARGE_PHOTO_BYTES, UNKNOWN_BYTES, reserve_memory
from headstart.pixels.opening import drop_unused_alpha, open_image
from headstart.pixels.orientation import read_jpeg_orientation, read_orientation, turn_upright
from headstart.pixels.photo_bytes import read_bytes
from headstart.pixels.pillow_warnings import ignore_pillow_warnings
from headstart.pixels.resizing import LARGE_BYTES, Pixels, describe_resizer, resize_pixels
from headstart.pixels.sample_values import MAX_DEPTH, SampleRange, find_range
from headstart.pixels.views import RENDERING_RULES
from headstart.process.packages import find_version, is_installed
from headstart.process.terminal_text import escape_name

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageCms import ImageCmsTransform

DECODING_RULES = 4  # counts up when this room's code gives other pixels for the same photo
END_OF_IMAGE = b"\xff\xd9"  # ITU-T T.81, table B.1
_DAMAGE, _NO_END = "Corrupt JPEG data", "Premature end of JPEG file"  # libjpeg's warnings: jerror.h, JWRN_
_CODECS = ("jpg", "jpg_2000", "webp", "avif", "libtiff", "zlib", "littlecms2")


class _Stored(NamedTuple):
    """A photo as it is stored: RGB pixels, their orientation, and their transform to sRGB."""

    pixels: Pixels | ImageColumns
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


def decode_photo(
    data: bytes, size_px: int, *, limits: DecodingLimits = DEFAULT_LIMITS, depth: int = MAX_DEPTH
) -> Pixels:
    """Decode a photo and stretch it to a square.

    EXIF orientation is applied. Grey, CMYK, palette, transparent (over white) and 16-bit photos become RGB, and colours
    with an embedded profile become sRGB. Of an animation, the first frame is decoded. Takes about 0.4 ms for a JPEG of
    450 x 370 pixels. The warning filters of the program neither matter nor change.

    Parameters
    ----------
    limits
        Memory and time for this photo. A photo whose header tells that it needs more memory is refused undecoded. One
        that may be slow is decoded in a process of its own, which can be ended.
    depth
        Bits of the values in PNG and TIFF files with 16 bits a sample, unless the file names them: 12 if 4095 is white.

    Returns
    -------
    (``size_px``, ``size_px``, 3) uint8, RGB.

    Raises
    ------
    PhotoError
        If the bytes are not a complete photo of a known format, or exceed the limits; the message is the reason.
    """
    return _decode_within("square", data, size_px, limits, depth)


def read_thumbnail(path: Path, size_px: int, *, depth: int = MAX_DEPTH) -> Pixels:
    """Read a photo for display: (H, W, 3) uint8 RGB in its own proportions, neither side above ``size_px``."""
    return decode_thumbnail(read_bytes(path), size_px, depth=depth)


def decode_thumbnail(
    data: bytes, size_px: int, *, limits: DecodingLimits = DEFAULT_LIMITS, depth: int = MAX_DEPTH
) -> Pixels:
    """Decode the bytes of a photo for display; the result is that of `read_thumbnail`."""
    return _decode_within("thumbnail", data, size_px, limits, depth)


def read_photo(path: Path, size_px: int, digest: str | None = None, *, depth: int = MAX_DEPTH) -> Pixels:
    """Read and decode a photo file to (``size_px``, ``size_px``, 3) uint8 RGB.

    Parameters
    ----------
    digest
        Expected SHA-256 of the bytes, in hex; None for no check.
    depth
        As for `decode_photo`.

    Raises
    ------
    PhotoError
        If the photo cannot be read or decoded, or its bytes do not have this digest.
    """
    data = read_bytes(path)
    if digest is not None and hashlib.sha256(data).hexdigest() != digest:
        raise PhotoError("was changed while it was being used")
    return decode_photo(data, size_px, depth=depth)


def decode_image(image: Image.Image, size_px: int, *, depth: int = MAX_DEPTH) -> Pixels:
    """Decode an image of Pillow as `decode_photo` does the file that it was opened from.

    The pixels of a JPEG may differ by a few levels: the file of a large one is shrunk while it is decoded.
    """
    with _explain_errors(DEFAULT_LIMITS):
        check_size(image.width, image.height, DEFAULT_LIMITS)
        samples = find_range(image, depth)
        image.load()
        stored = _take_image(image, samples)
        return _finish(resize_pixels(stored.pixels, size_px, size_px), stored)


def open_photo(data: bytes, depth: int = MAX_DEPTH, *, limits: DecodingLimits = DEFAULT_LIMITS) -> Pixels:
    """Decode a photo at its own size: (H, W, 3) uint8 RGB, upright."""
    return _decode_within("whole", data, None, limits, depth)


def _decode_within(shape: str, data: bytes, size_px: int | None, limits: DecodingLimits, depth: int) -> Pixels:
    """Decode a photo in this thread, or in a process of its own if it may take long."""
    kind = recognise_photo(data)
    extent = read_extent(kind.reader, data, size_px)
    if extent is None:  # no header tells the cost
        with reserve_memory(min(limits.max_bytes, UNKNOWN_BYTES)):
            return decode_in_own_process(shape, data, size_px, limits, depth)
    check_size(extent.width, extent.height, limits)
    check_memory(extent.n_bytes, extent.width, extent.height, limits)
    if extent.n_bytes < LARGE_PHOTO_BYTES and not extent.is_slow:
        return _decode_here(shape, data, size_px, limits, kind, extent, depth)
    with reserve_memory(extent.n_bytes):
        if extent.is_slow:
            return decode_in_own_process(shape, data, size_px, limits, depth)
        return _decode_here(shape, data, size_px, limits, kind, extent, depth)


def decode_here(shape: str, data: bytes, size_px: int | None, limits: DecodingLimits, depth: int = MAX_DEPTH) -> Pixels:
    """Decode a photo in this thread, however long it takes.

    Parameters
    ----------
    shape
        ``"square"`` as `decode_photo`, ``"thumbnail"`` as `decode_thumbnail`, or ``"whole"`` as `open_photo`.
    """
    kind = recognise_photo(data)
    return _decode_here(shape, data, size_px, limits, kind, read_extent(kind.reader, data, size_px), depth)


def _decode_here(
    shape: str, data: bytes, size_px: int | None, limits: DecodingLimits, kind: FileFormat, extent: Extent | None,
    depth: int,
) -> Pixels:  # fmt: skip
    stored = _decode(data, limits, kind, extent, depth)
    try:
        height, width = stored.pixels.shape[:2]
        if size_px is None or shape == "whole":
            return _finish(stored.pixels[:, :], stored)
        if shape == "thumbnail":
            scale = min(1.0, size_px / max(height, width))
            height, width = max(1, round(height * scale)), max(1, round(width * scale))
        else:
            height = width = size_px
        return _finish(resize_pixels(stored.pixels, height, width), stored)
    except MemoryError:
        raise refuse_memory(limits) from None


def _finish(pixels: Pixels, stored: _Stored) -> Pixels:
    """Turn resized pixels upright and convert them to sRGB: both cost a tenth of what they would before resizing."""
    return np.ascontiguousarray(turn_upright(convert_pixels(pixels, stored.to_srgb), stored.orientation))


def _decode(data: bytes, limits: DecodingLimits, kind: FileFormat, extent: Extent | None, depth: int) -> _Stored:
    """Decode a photo. A large JPEG gets a fraction of its size, if both sides stay at least the size that is needed."""
    if kind.max_pixels:
        limits = replace(limits, max_pixels=min(limits.max_pixels, kind.max_pixels))
    damage = ""
    if kind is JPEG and extent is not None and extent.n_components in (1, 3):
        pixels, damage = _decode_jpeg(data, extent)
        if pixels is not None:
            profile = join_jpeg_profile(data, extent.segments)
            transform = find_transform(profile, "L" if extent.n_components == 1 else "RGB")
            return _Stored(pixels, read_jpeg_orientation(data, extent.segments), transform)
    stored = _decode_with_pillow(data, kind, limits, depth)
    if damage:
        report_damage(damage)
    return stored


def _decode_jpeg(data: bytes, extent: Extent) -> tuple[Pixels | None, str]:
    """Decode a plain JPEG fast.

    A JPEG that lacks nothing but its end marker is decoded as with it. One with missing pixels is left to Pillow, which
    refuses it.

    Returns
    -------
    The pixels, or None if Pillow must decode it (damage, anything unusual); and libjpeg's warning of damaged data, or
    "".
    """
    import simplejpeg

    height, width = -(-extent.height // extent.factor), -(-extent.width // extent.factor)
    smallest = {"min_height": height, "min_width": width, "min_factor": 1}
    try:
        try:
            pixels: Pixels = simplejpeg.decode_jpeg(data, "RGB", **smallest)
        except ValueError as error:
            if not str(error).startswith(_NO_END):
                raise
            pixels = simplejpeg.decode_jpeg(data + END_OF_IMAGE, "RGB", **smallest)
    except ValueError as error:
        reason = str(error)
        return None, reason if reason.startswith((_DAMAGE, _NO_END)) else ""
    return pixels, ""


def _decode_with_pillow(data: bytes, kind: FileFormat, limits: DecodingLimits, depth: int) -> _Stored:
    with _explain_errors(limits), open_image(data, kind) as image:
        width, height = image.size
        check_size(width, height, limits)
        # again, because this may be a damaged JPEG, or a format whose header nobody has read
        n_coefficients = 2 * 3 * width * height if image.info.get("progressive") else 0
        check_memory(4 * width * height + n_coefficients, width, height, limits)
        samples = find_range(image, depth)
        image.load()
        return _take_image(drop_unused_alpha(image, data, kind), samples)


def _take_image(image: Image.Image, samples: SampleRange) -> _Stored:
    """Return the RGB pixels of an image that is loaded."""
    from PIL import ImageCms

    orientation = read_orientation(image)
    transform = find_transform(image.info.get("icc_profile"), image.mode)
    if image.mode == "CMYK" and transform is not None:
        return _Stored(np.asarray(ImageCms.applyTransform(image, transform)), orientation, None)
    if 3 * image.width * image.height > LARGE_BYTES and image.mode != "F":  # a float's scale depends on all pixels
        return _Stored(ImageColumns(image, samples), orientation, transform)
    return _Stored(np.asarray(convert_to_rgb(image, samples)), orientation, transform)


@contextmanager
def _explain_errors(limits: DecodingLimits) -> Iterator[None]:
    """Raise PhotoError, with the reason, for anything that Pillow raises in the block."""
    from PIL import Image

    try:
        with ignore_pillow_warnings():
            yield
    except PhotoError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise refuse_memory(limits) from None
    except Exception as error:
        # Pillow's readers raise almost anything on damaged bytes (SyntaxError and struct.error among them)
        reason = str(error).split("<")[0].strip().rstrip(".") or type(error).__name__
        reason = reason.split(" (")[0] if reason.endswith(" bytes not processed)") else reason  # of Pillow's buffer
        raise PhotoError(f"cannot be decoded: {escape_name(reason)}") from None  # it may quote bytes of the file
