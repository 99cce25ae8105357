"""A photo that may be slow is decoded in a process of its own, which ends in time and may crash."""

import io
import os
import signal
import struct
import sys
import time

import numpy as np
import pytest
from PIL import Image

from headstart.errors import PhotoError
from headstart.pixels import decode, decoding_process, extents
from headstart.pixels.decode import decode_photo, decode_thumbnail, open_photo
from headstart.pixels.decoding_process import decode_in_own_process
from headstart.pixels.limits import DEFAULT_LIMITS, DecodingLimits
from headstart.process.own_python import kill_started


@pytest.fixture(autouse=True)
def fresh_processes():
    """Each test starts processes of its own, and leaves none."""
    yield
    while decoding_process._idle:
        decoding_process._end(decoding_process._idle.pop())


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def paint(height: int = 70, width: int = 90) -> bytes:
    return encode(Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)))


def make_slow_bmp(n_codes: int = 20_000_000) -> bytes:
    """Return a BMP whose run lengths Pillow expands for many seconds."""
    start = 54 + 1024
    head = struct.pack("<2sIHHI", b"BM", start + 4 * n_codes, 0, 0, start)
    about = struct.pack("<IiiHHIIiiII", 40, 10_000, 10_000, 1, 8, 1, 4 * n_codes, 0, 0, 256, 0)
    return head + about + bytes(1024) + b"\x00\x02\x00\x00" * n_codes + b"\x00\x01"


def test_the_result_is_that_of_this_process(monkeypatch):
    data = paint()
    here = decode_photo(data, 32), decode_thumbnail(data, 50), open_photo(data)
    monkeypatch.setattr(extents, "N_QUICK", 1)
    monkeypatch.setattr(decode, "_decode_here", None)
    monkeypatch.setattr(extents._make_extent, "__defaults__", (1,))
    there = decode_photo(data, 32), decode_thumbnail(data, 50), open_photo(data)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(decoding_process._idle) == 1  # one process for three photos


def test_the_depth_is_passed_on():
    data = encode(Image.fromarray(np.linspace(0, 4095, 90 * 70).astype(np.uint16).reshape(70, 90)))
    for depth in (12, 16):
        there = decode_in_own_process("square", data, 32, DEFAULT_LIMITS, depth)
        np.testing.assert_array_equal(there, decode_photo(data, 32, depth=depth))
        assert (there.max() > 240) == (depth == 12)


def test_reasons_are_passed_on_and_the_process_goes_on():
    data = paint()
    for _ in range(2):
        with pytest.raises(PhotoError, match="cannot be decoded: image file is truncated"):
            decode_in_own_process("square", data[:-3000], 32, DEFAULT_LIMITS)
    assert decode_in_own_process("square", data, 32, DEFAULT_LIMITS).shape == (32, 32, 3)
    assert len(decoding_process._idle) == 1


@pytest.mark.slow
def test_a_photo_that_takes_too_long_is_given_up():
    started = time.monotonic()
    with pytest.raises(PhotoError, match="cannot be decoded within 1 s"):
        decode_photo(make_slow_bmp(), 32, limits=DecodingLimits(timeout_s=1))
    assert time.monotonic() - started < 30
    assert not decoding_process._idle


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no limit of memory")
def test_a_photo_that_takes_too_much_memory_is_refused(monkeypatch):
    monkeypatch.setitem(extents._PNG_BYTES, 2, 0.001)  # here: in the process the limit of the system remains
    data = encode(Image.new("RGB", (16_000, 11_000)), compress_level=1)
    with pytest.raises(PhotoError, match=r"of memory, need at most 30 MB|takes too much memory"):
        decode_photo(data, 32, limits=DecodingLimits(max_bytes=30_000_000))


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT], ids=["segmentation fault", "abort"])
def test_a_crash_names_the_photo(number, monkeypatch):
    decode_in_own_process("square", paint(), 32, DEFAULT_LIMITS)
    process = decoding_process._idle[0]
    os.kill(process.pid, number)
    process.wait()
    monkeypatch.setattr(process, "poll", lambda: None)  # as if it had crashed after it was asked
    with pytest.raises(PhotoError, match=f"its decoder crashed \\(status -{int(number)}\\)"):
        decode_in_own_process("square", paint(), 32, DEFAULT_LIMITS)
    assert decode_in_own_process("square", paint(), 32, DEFAULT_LIMITS).shape == (32, 32, 3)


def test_the_end_of_the_program_ends_the_processes():
    decode_in_own_process("square", paint(), 32, DEFAULT_LIMITS)
    process = decoding_process._idle[0]
    kill_started()
    assert process.wait(timeout=5) != 0


def test_a_missing_interpreter_is_named(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(PhotoError, match="no process can be started"):
        decode_in_own_process("square", paint(), 32, DEFAULT_LIMITS)


def test_two_threads_that_want_the_last_idle_process_get_two(monkeypatch):
    class Taken(list):
        def __bool__(self) -> bool:
            return True  # as the first thread saw it, before the second one took the process

    monkeypatch.setattr(decoding_process, "_idle", Taken())
    assert decode_in_own_process("square", paint(), 32, DEFAULT_LIMITS).shape == (32, 32, 3)
    decoding_process._end(decoding_process._idle.pop())


def test_an_idle_process_that_was_ended_by_others_is_replaced():
    data = paint()
    decode_in_own_process("square", data, 32, DEFAULT_LIMITS)
    (idle,) = decoding_process._idle
    idle.kill()
    idle.wait()
    again = decode_in_own_process("square", data, 32, DEFAULT_LIMITS)
    assert np.array_equal(again, decode_photo(data, 32))
