"""Damaged JPEGs: read whole, read with a warning, or refused; never garbled without a word."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotoError
from headstart.pixels.damage import collect_damage, note_damage
from headstart.pixels.decode import decode_photo, open_photo
from headstart.pixels.decoding_process import decode_in_own_process
from headstart.pixels.limits import DEFAULT_LIMITS

END = b"\xff\xd9"


def paint_jpeg(**options: object) -> bytes:
    small = Image.fromarray(np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8))
    stream = io.BytesIO()
    small.resize((320, 240), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90, **options)
    return stream.getvalue()


def damage(data: bytes) -> bytes:
    """Overwrite some bytes in the middle of the pixels with zeros."""
    middle = len(data) * 2 // 3
    return data[:middle] + bytes(200) + data[middle + 200 :]


def decode(data: bytes) -> tuple[np.ndarray, list[str]]:
    with collect_damage() as found:
        pixels = decode_photo(data, 64)
    return pixels, found


KINDS = [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0, "optimize": True}]


@pytest.mark.parametrize("options", KINDS)
def test_a_missing_end_marker_changes_nothing(options):
    data = paint_jpeg(**options)
    pixels, found = decode(data[:-2])
    np.testing.assert_array_equal(pixels, decode_photo(data, 64))
    np.testing.assert_array_equal(decode(data[:-1])[0], pixels)
    assert not found
    np.testing.assert_array_equal(open_photo(data[:-2]), open_photo(data))


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("n_bytes", [20, 400, 3000])
def test_missing_pixels_are_refused(options, n_bytes):
    with pytest.raises(PhotoError, match=r"cannot be decoded: image file is truncated$"):
        decode_photo(paint_jpeg(**options)[:-n_bytes], 64)


@pytest.mark.parametrize("options", KINDS)
def test_missing_pixels_before_an_end_marker_are_reported(options):
    _, found = decode(paint_jpeg(**options)[:-400] + END)
    assert found == ["Corrupt JPEG data: premature end of data segment"]


def test_overwritten_pixels_are_reported_and_intact_ones_are_not():
    intact = paint_jpeg()
    pixels, found = decode(damage(intact))
    assert len(found) == 1
    assert found[0].startswith("Corrupt JPEG data: ")
    assert pixels.shape == (64, 64, 3)
    for data in (intact, intact + bytes(500), paint_jpeg(progressive=True)):
        assert not decode(data)[1]


def test_damage_is_reported_to_the_thread_that_decodes():
    photos = [paint_jpeg(), damage(paint_jpeg())] * 10
    with ThreadPoolExecutor(4) as pool:
        found = [bool(reasons) for _, reasons in pool.map(decode, photos)]
    assert found == [False, True] * 10


def test_damage_is_reported_from_the_process_of_slow_photos():
    with collect_damage() as found:
        decode_in_own_process("square", damage(paint_jpeg()), 64, DEFAULT_LIMITS)
        decode_in_own_process("square", paint_jpeg(), 64, DEFAULT_LIMITS)
    assert len(found) == 1


def test_without_a_collector_nothing_happens():
    assert decode_photo(damage(paint_jpeg()), 64).shape == (64, 64, 3)
    with collect_damage() as outer:
        decode(damage(paint_jpeg()))
    assert not outer  # the inner collector has it


def test_the_note_names_three_photos_in_order():
    damaged = {Path(f"cats/{n}.jpg"): "Corrupt JPEG data" for n in (4, 2, 9, 1, 7)}
    [note] = note_damage(damaged)
    assert (note.code, note.severity) == ("damaged-photo", "warning")
    assert "'cats/1.jpg' (Corrupt JPEG data), 'cats/2.jpg' (Corrupt JPEG data), 'cats/4.jpg'" in note.text.replace(
        "\\", "/"
    )
    assert " and 2 more. They were used" in note.text
    assert note_damage({}) == []


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF"])
def test_other_formats_that_lack_pixels_are_refused(kind):
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)).save(stream, kind)
    data = stream.getvalue()
    for n_kept in (len(data) // 3, len(data) * 9 // 10):
        with pytest.raises(PhotoError, match="cannot be decoded"):
            decode_photo(data[:n_kept], 32)


def test_changed_bytes_of_a_png_are_refused():
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)).save(stream, "PNG")
    data = bytearray(stream.getvalue())
    data[len(data) // 2] ^= 16
    with pytest.raises(PhotoError, match="cannot be decoded"):
        decode_photo(bytes(data), 32)
