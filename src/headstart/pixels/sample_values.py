"""Which values of a photo's samples mean black and white, for photos with more than 8 bits a channel."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.errors import PhotoError
from headstart.pixels.pillow_warnings import ignore_pillow_warnings

if TYPE_CHECKING:
    from PIL import Image

MIN_DEPTH, MAX_DEPTH = 8, 16  # bits
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L")
HEAD_BYTES = 26  # of a file, for `may_be_deep`
# TIFF 6.0: tags, and values of the tags PhotometricInterpretation, PlanarConfiguration and SampleFormat
_BITS, _PHOTOMETRIC, _MAX_SAMPLE, _PLANAR, _SAMPLE_FORMAT = 258, 262, 281, 284, 339
_WHITE_IS_ZERO, _SEPARATE_PLANES, _SIGNED = 0, 2, 2


@dataclass(frozen=True, slots=True)
class SampleRange:
    """The values that mean black and white in a photo with integers of more than 8 bits.

    Attributes
    ----------
    depth
        Number of bits: 0 is black, and 2 ** depth - 1 is white.
    is_declared
        Whether the file itself names the depth.
    is_inverted
        Whether 0 is white instead.
    """

    depth: int = MAX_DEPTH
    is_declared: bool = False
    is_inverted: bool = False


def find_range(image: Image.Image, depth: int) -> SampleRange:
    """Return the range of an image that is open and not loaded yet.

    A TIFF names its depth by fewer than 16 bits a sample, or by a MaxSampleValue of 2 ** n - 1; another MaxSampleValue
    is the brightest value of this photo, and says nothing about its range (TIFF 6.0, section 8). In PNG, sBIT does not
    change the range: the samples fill 16 bits (W3C PNG, 11.3.2.4).

    Parameters
    ----------
    depth
        Number of bits in files with 16 bits a sample that do not name it.

    Raises
    ------
    PhotoError
        If Pillow would read the samples wrongly, without an error.
    """
    if image.format == "PNG":
        if depth < MAX_DEPTH and _has_deep_colours(image):
            raise _refuse_deep_colours(depth)
        return SampleRange(depth)
    if image.format is None:  # made by a program, or a copy of a photo
        return SampleRange(depth)
    if image.format != "TIFF":
        return SampleRange()  # Pillow itself scales them to 16 bits
    bits, sample_format = _read_tag(image, _BITS, 1), _read_tag(image, _SAMPLE_FORMAT, 1)
    is_deep = image.mode in DEEP_MODES
    if sample_format == _SIGNED and not is_deep:
        raise PhotoError("TIFF with signed samples of 8 bits, need unsigned ones. Save it as PNG")
    declared = _read_depth(image, bits)
    if bits == MAX_DEPTH and not is_deep:
        if _read_tag(image, _PLANAR, 1) == _SEPARATE_PLANES:
            raise PhotoError("TIFF with 16 bits a sample in separate planes, need interleaved samples. Save it as PNG")
        if (declared or depth) < MAX_DEPTH:
            raise _refuse_deep_colours(declared or depth)
    highest = MAX_DEPTH - 1 if sample_format == _SIGNED and bits == MAX_DEPTH else MAX_DEPTH
    is_inverted = _read_tag(image, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO and (is_deep or image.mode == "F")
    return SampleRange(declared or min(depth, highest), declared is not None, is_inverted)


def _read_depth(image: Image.Image, bits: int) -> int | None:
    if MIN_DEPTH < bits < MAX_DEPTH:
        return bits
    n_bits = _read_tag(image, _MAX_SAMPLE, 0).bit_length()
    is_power = _read_tag(image, _MAX_SAMPLE, 0) == 2**n_bits - 1
    return n_bits if bits == MAX_DEPTH and is_power and MIN_DEPTH < n_bits < MAX_DEPTH else None


def _read_tag(image: Any, tag: int, default: int) -> int:
    """Return the first whole number of a TIFF tag."""
    tags = getattr(image, "tag_v2", {})  # an image that a program pickled or copied has lost its tags
    value = tags.get(tag, default)
    first = value[0] if isinstance(value, tuple) and value else value
    return first if isinstance(first, int) else default


def _has_deep_colours(image: Any) -> bool:
    """Say whether an image that is not loaded yet has colours or alpha of 16 bits, of which Pillow keeps 8."""
    return image.mode not in DEEP_MODES and ";16" in str(image.tile[:1])


def _refuse_deep_colours(depth: int) -> PhotoError:
    return PhotoError(f"colours of {depth} bits in samples of 16 bits, need grey or 8 bits. Scale them to 8 bits")


def may_be_deep(head: bytes) -> bool:
    """Say whether a file with these first bytes may have 16 bits a sample: a PNG of 16 bits, or any TIFF."""
    return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") or (head[:4] == b"\x89PNG" and head[24:25] == b"\x10")


def measure_brightest(data: bytes) -> int | None:
    """Return the brightest value of a photo with 16 bits a sample, which does not name its range; None for others.

    In colour photos, Pillow keeps only the upper 8 bits of a sample, so the value may be up to 255 too low.
    """
    from PIL import Image

    try:
        with ignore_pillow_warnings(), Image.open(io.BytesIO(data), formats=("PNG", "TIFF")) as image:
            is_colour = _has_deep_colours(image)
            if not (is_colour or image.mode in DEEP_MODES) or find_range(image, MAX_DEPTH).is_declared:
                return None
            return int(np.asarray(image).max()) * (256 if is_colour else 1)
    except Exception:
        return None  # the decoder refuses it with a reason
