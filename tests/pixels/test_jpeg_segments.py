"""The walk over the segments of a JPEG ends soon for any bytes."""

import io
import itertools
import struct
import time

import pytest
from PIL import Image

from headstart.errors import PhotoError
from headstart.pixels.decode import decode_photo
from headstart.pixels.jpeg_segments import APP1, MAX_SEGMENTS, START_OF_SCAN, read_jpeg_segments

EXIF = b"\xff\xe1" + struct.pack(">H", 18) + b"Exif\x00\x00" + bytes(10)


def make_jpeg(before: bytes = b"") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 20)).save(stream, "JPEG")
    return stream.getvalue()[:2] + before + stream.getvalue()[2:]


def test_segments_are_found_up_to_the_first_scan():
    data = make_jpeg(EXIF)
    segments = read_jpeg_segments(data)
    assert segments[0].marker == APP1
    assert data[segments[0].start : segments[0].end] == EXIF[4:]
    assert [marker for marker, _, _ in segments].count(START_OF_SCAN) == 1
    assert segments[-1].marker == START_OF_SCAN
    for before, after in itertools.pairwise(segments):
        assert before.end + 4 == after.start


@pytest.mark.parametrize("n_bytes", range(2, 30))
def test_a_cut_header_gives_the_segments_in_it(n_bytes):
    data = make_jpeg(EXIF)[:n_bytes]
    assert all(start <= end <= max(n_bytes, start) for _, start, end in read_jpeg_segments(data))


@pytest.mark.parametrize("between", [b"\xff" * 9, bytes(4096), b"\xff\x00" * 50, b"\xff\xd0" * 9])
def test_fill_bytes_and_padding_between_segments_are_skipped(between):
    assert [s.marker for s in read_jpeg_segments(make_jpeg(EXIF + between))][:2] == [APP1, 0xE0]
    assert decode_photo(make_jpeg(EXIF + between), 16).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (EXIF * 1_000_000, f"JPEG with more than {MAX_SEGMENTS:,} segments"),
        (b"\xff\xe2\x00\x02" * 5_000_000, f"more than {MAX_SEGMENTS:,} segments"),
        (b"\xff\xfe\x00\x00" * 5_000_000, f"more than {MAX_SEGMENTS:,} segments"),  # a length below the least
        (EXIF + bytes(20_000_000), "stray bytes"),
        (b"\xff" * 20_000_000, "stray bytes"),
        (b"\xff\x00" * 10_000_000, "stray bytes"),
        (b"\xff\xd0" * 10_000_000, "stray bytes"),
        ((EXIF + bytes(100)) * 2_000, "stray bytes"),
    ],
    ids=["Exif", "profile", "comment", "zeros", "fill bytes", "stuffing", "restarts", "in small parts"],
)
def test_photos_with_endless_headers_are_refused_at_once(before, reason):
    data = make_jpeg(before)
    started = time.process_time()
    with pytest.raises(PhotoError, match=reason):
        decode_photo(data, 16)
    assert time.process_time() - started < 10
