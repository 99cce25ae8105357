"""How much memory and time one photo may take, and how photos beyond it are refused."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.errors import PhotoError

MAX_PIXELS = 178_956_970  # of every format: Pillow refuses more as a decompression bomb
MAX_SIDE_PX = 65_535  # of every format, as in JPEG: the resizer takes memory for each row or column


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingLimits:
    """Limits for decoding one photo.

    Attributes
    ----------
    max_pixels
        Number of pixels, whatever they take.
    max_bytes
        Memory that decoding and resizing take, besides the file.
    timeout_s
        Processor time that decoding takes in a process of its own. On a busy machine three times as long may pass; on
        Windows it is the time that passes.
    """

    max_pixels: int = MAX_PIXELS
    max_bytes: int = 700_000_000
    timeout_s: float = 8.0


DEFAULT_LIMITS = DecodingLimits()


def check_size(width: int, height: int, limits: DecodingLimits) -> None:
    """Refuse a photo that has too many pixels, or a side longer than `MAX_SIDE_PX`."""
    if width * height > limits.max_pixels:
        raise PhotoError(f"too many pixels: more than {limits.max_pixels:,}")
    if max(width, height) > MAX_SIDE_PX:
        raise PhotoError(f"too long: {width:,} x {height:,} pixels, need sides of at most {MAX_SIDE_PX:,}")


def check_memory(n_bytes: int, width: int, height: int, limits: DecodingLimits) -> None:
    """Refuse a photo whose decoding takes ``n_bytes``, if that is more than the limits allow."""
    if n_bytes > limits.max_bytes:
        raise PhotoError(
            f"too large: {width:,} x {height:,} pixels of this kind take {n_bytes / 1e6:,.0f} MB of memory, "
            f"need at most {limits.max_bytes / 1e6:,.0f} MB"
        )


def refuse_memory(limits: DecodingLimits) -> PhotoError:
    """Return the refusal of a photo for which the memory did not suffice."""
    return PhotoError(f"takes too much memory to decode, need at most {limits.max_bytes / 1e6:,.0f} MB")
