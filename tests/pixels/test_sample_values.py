"""TIFF and PNG with more than 8 bits a sample are read right or refused with the reason, never read wrongly."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotoError
from headstart.pixels.decode import decode_photo, decode_thumbnail, open_photo, read_photo
from headstart.pixels.sample_values import may_be_deep, measure_brightest

RAMP = np.tile(np.linspace(0, 1, 64), (32, 1))
COLOURS = np.stack([RAMP, RAMP[:, ::-1], np.full_like(RAMP, 0.5)], -1)
BLACK_IS_ZERO, WHITE_IS_ZERO, RGB = 1, 0, 2
SIGNED, FLOAT = 2, 3
MAX_SAMPLE = 281


def write_tiff(
    samples: np.ndarray, photometric: int, kind: int = 1, order: str = "<", *, planar: int = 1, n_bits: int = 0,
    data: bytes = b"", tags: dict[int, list[int]] | None = None,
) -> bytes:  # fmt: skip
    """Write an uncompressed TIFF of (H, W) or (H, W, C) samples (TIFF 6.0, section 2); all tags are 32 bits."""
    height, width = samples.shape[:2]
    n_channels = samples.shape[2] if samples.ndim == 3 else 1
    swapped = samples.astype(samples.dtype.newbyteorder(order))
    strips = [data or swapped.tobytes()]
    if planar == 2:
        strips = [swapped[..., channel].tobytes() for channel in range(n_channels)]
    bits = n_bits or 8 * samples.dtype.itemsize
    found = {
        256: [width], 257: [height], 258: [bits] * n_channels, 259: [1], 262: [photometric], 273: [0] * len(strips),
        277: [n_channels], 278: [height], 279: [len(strip) for strip in strips], 284: [planar],
        339: [kind] * n_channels, **(tags or {}),
    }  # fmt: skip
    start = 8 + 2 + 12 * len(found) + 4
    longs = {tag: values for tag, values in found.items() if len(values) > 1}
    places = {}
    for tag, values in longs.items():
        places[tag] = start
        start += 4 * len(values)
    for n, strip in enumerate(strips):
        found[273][n] = start
        start += len(strip)
    directory = b"".join(
        struct.pack(order + "HHII", tag, 4, len(values), places.get(tag, values[0]))
        for tag, values in sorted(found.items())
    )
    more = b"".join(struct.pack(f"{order}{len(found[tag])}I", *found[tag]) for tag in longs)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(found))
    return head + directory + bytes(4) + more + b"".join(strips)


def scale(values: np.ndarray, white: float, dtype: str) -> np.ndarray:
    return np.rint(values * white).astype(dtype)


def write_png(samples: np.ndarray, colour: int, chunks: bytes = b"") -> bytes:
    """Write a PNG of 16 bits a sample; Pillow writes only grey ones."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunks + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pack_12_bits(values: np.ndarray) -> bytes:
    pairs = values.reshape(-1, 2).astype(int)
    return b"".join(struct.pack(">I", (first << 12 | second) << 8)[:3] for first, second in pairs)


GREY_TIFFS = {
    "16 bits": write_tiff(scale(RAMP, 65_535, "u2"), BLACK_IS_ZERO),
    "16 bits, big-endian": write_tiff(scale(RAMP, 65_535, "u2"), BLACK_IS_ZERO, order=">"),
    "16 bits, white is 0": write_tiff(scale(1 - RAMP, 65_535, "u2"), WHITE_IS_ZERO),
    "8 bits, white is 0": write_tiff(scale(1 - RAMP, 255, "u1"), WHITE_IS_ZERO),
    "signed 16 bits": write_tiff(scale(RAMP, 32_767, "i2"), BLACK_IS_ZERO, SIGNED),
    "signed 16 bits, big-endian": write_tiff(scale(RAMP, 32_767, "i2"), BLACK_IS_ZERO, SIGNED, ">"),
    "32 bits": write_tiff(scale(RAMP, 65_535, "u4"), BLACK_IS_ZERO),
    "float": write_tiff(RAMP.astype("f4"), BLACK_IS_ZERO, FLOAT),
    "float, white is 0": write_tiff((1 - RAMP).astype("f4"), WHITE_IS_ZERO, FLOAT),
    "float up to 255, big-endian": write_tiff((RAMP * 255).astype("f4"), BLACK_IS_ZERO, FLOAT, ">"),
    "12 bits, packed": write_tiff(
        scale(RAMP, 4095, "u2"), BLACK_IS_ZERO, n_bits=12, data=pack_12_bits(scale(RAMP, 4095, "u2"))
    ),
    "MaxSampleValue 4095": write_tiff(scale(RAMP, 4095, "u2"), BLACK_IS_ZERO, tags={MAX_SAMPLE: [4095]}),
    "MaxSampleValue 1023, white is 0": write_tiff(
        scale(1 - RAMP, 1023, "u2"), WHITE_IS_ZERO, tags={MAX_SAMPLE: [1023]}
    ),
}


@pytest.mark.parametrize("name", GREY_TIFFS)
def test_grey_tiffs_have_the_brightness_that_was_written(name):
    np.testing.assert_allclose(open_photo(GREY_TIFFS[name])[..., 1], RAMP * 255, atol=1.5)


@pytest.mark.parametrize("name", ["16 bits", "12 bits, packed", "MaxSampleValue 4095", "float", "8 bits, white is 0"])
def test_the_depth_changes_only_files_that_do_not_name_theirs(name):
    is_changed = name == "16 bits"
    assert (open_photo(GREY_TIFFS[name], 12) != open_photo(GREY_TIFFS[name])).any() == is_changed


COLOUR_FILES = {
    "16 bits": write_tiff(scale(COLOURS, 65_535, "u2"), RGB),
    "16 bits, big-endian": write_tiff(scale(COLOURS, 65_535, "u2"), RGB, order=">"),
    "8 bits in planes": write_tiff(scale(COLOURS, 255, "u1"), RGB, planar=2),
    "PNG": write_png(scale(COLOURS, 65_535, "u2"), 2),
    "PNG with alpha": write_png(scale(np.dstack([COLOURS, np.ones_like(RAMP)]), 65_535, "u2"), 6),
}


@pytest.mark.parametrize("name", COLOUR_FILES)
def test_colours_of_16_bits_are_right(name):
    np.testing.assert_allclose(open_photo(COLOUR_FILES[name]), COLOURS * 255, atol=1.5)


def test_grey_with_alpha_of_16_bits_is_right():
    data = write_png(scale(np.dstack([RAMP, np.ones_like(RAMP)]), 65_535, "u2"), 4)
    np.testing.assert_allclose(open_photo(data)[..., 1], RAMP * 255, atol=1.5)


REFUSED = {
    "16 bits in planes": (write_tiff(scale(COLOURS, 65_535, "u2"), RGB, planar=2), "separate planes"),
    "big-endian in planes": (write_tiff(scale(COLOURS, 65_535, "u2"), RGB, order=">", planar=2), "separate planes"),
    "signed 8 bits": (write_tiff(scale(RAMP, 127, "i1"), BLACK_IS_ZERO, SIGNED), "signed samples of 8 bits"),
    "below 0": (write_tiff(scale(RAMP - 0.5, 32_767, "i2"), BLACK_IS_ZERO, SIGNED), "whole numbers from -16,384"),
    "32 bits, all used": (write_tiff(scale(RAMP, 2**31 - 1, "i4"), BLACK_IS_ZERO, SIGNED), "need 0 to 65,535"),
    "unsigned 32 bits, all used": (write_tiff(scale(RAMP, 2**32 - 1, "u4"), BLACK_IS_ZERO), "need 0 to 65,535"),
    "float up to 4095": (write_tiff((RAMP * 4095).astype("f4"), BLACK_IS_ZERO, FLOAT), "values from 0 to 4095"),
    "colours of 12 bits": (
        write_tiff(scale(COLOURS, 4095, "u2"), RGB, tags={MAX_SAMPLE: [4095] * 3}), "colours of 12 bits"
    ),
    "floats in colour": (write_tiff(COLOURS.astype("f4"), RGB, FLOAT), "cannot be decoded"),
    "palette of 16 bits": (
        write_tiff(scale(RAMP, 65_535, "u2"), 3, tags={320: [0] * 3 * 65_536}), "cannot be decoded"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_tiffs_that_would_be_read_wrongly_are_refused(name):
    data, reason = REFUSED[name]
    with pytest.raises(PhotoError, match=reason):
        open_photo(data)


def test_the_brightest_value_of_a_dark_photo_is_no_depth():
    dark = scale(RAMP, 3000, "u2")
    for tags in ({}, {MAX_SAMPLE: [3000]}, {MAX_SAMPLE: [65_535]}):
        np.testing.assert_allclose(open_photo(write_tiff(dark, BLACK_IS_ZERO, tags=tags))[..., 1], dark / 257, atol=1)


def test_png_and_tiff_of_12_bits_are_read_at_their_depth(tmp_path):
    values = scale(RAMP, 4095, "u2")
    for data in (write_png(values, 0), write_tiff(values, BLACK_IS_ZERO), write_tiff(values, BLACK_IS_ZERO, order=">")):
        (tmp_path / "photo").write_bytes(data)
        np.testing.assert_allclose(open_photo(data, 12)[..., 1], RAMP * 255, atol=1)
        for pixels in (
            decode_photo(data, 32, depth=12), decode_thumbnail(data, 32, depth=12),
            read_photo(tmp_path / "photo", 32, depth=12),
        ):  # fmt: skip
            assert pixels[:, -2:].mean() > 240
        assert decode_photo(data, 32).max() < 17


def test_significant_bits_of_a_png_do_not_change_it():
    def chunk(content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + b"sBIT" + content + struct.pack(">I", zlib.crc32(b"sBIT" + content))

    values = scale(RAMP, 65_535, "u2")
    np.testing.assert_array_equal(open_photo(write_png(values, 0, chunk(b"\x0c"))), open_photo(write_png(values, 0)))


@pytest.mark.parametrize("name", ["16 bits", "PNG", "PNG with alpha"])
def test_colours_of_16_bits_at_another_depth_are_refused(name):
    with pytest.raises(PhotoError, match="colours of 12 bits in samples of 16 bits, need grey or 8 bits"):
        open_photo(COLOUR_FILES[name], 12)


def test_photos_of_8_bits_ignore_the_depth():
    image = Image.fromarray(scale(COLOURS, 255, "u1"))
    for kind in ("PNG", "TIFF", "JPEG", "WEBP"):
        stream = io.BytesIO()
        image.save(stream, kind)
        np.testing.assert_array_equal(open_photo(stream.getvalue(), 12), open_photo(stream.getvalue()))


def test_the_brightest_value_is_measured_where_the_depth_decides():
    values = scale(RAMP, 4095, "u2")
    assert measure_brightest(write_png(values, 0)) == 4095
    assert measure_brightest(write_tiff(values, BLACK_IS_ZERO)) == 4095
    assert 3840 <= measure_brightest(write_png(scale(COLOURS, 4095, "u2"), 2)) <= 4095
    for name in ("12 bits, packed", "MaxSampleValue 4095", "float", "8 bits, white is 0"):
        assert measure_brightest(GREY_TIFFS[name]) is None
    assert measure_brightest(write_png(values, 0)[:60]) is None
    assert measure_brightest(b"") is None


def test_only_the_head_of_other_files_is_looked_at():
    assert may_be_deep(write_png(RAMP, 0)[:26])
    assert may_be_deep(GREY_TIFFS["16 bits, big-endian"][:26])
    stream = io.BytesIO()
    Image.new("L", (9, 9)).save(stream, "PNG")
    assert not may_be_deep(stream.getvalue()[:26])
    assert not may_be_deep(b"\xff\xd8\xff")
