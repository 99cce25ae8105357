"""A photo that takes long neither ends a command nor keeps it from ending."""

import signal
import struct
import subprocess
import sys
import time

import pytest
from PIL import Image


def make_slow_bmp(n_codes: int) -> bytes:
    """Return a BMP whose run lengths Pillow expands for a second per million."""
    start = 54 + 1024
    head = struct.pack("<2sIHHI", b"BM", start + 4 * n_codes, 0, 0, start)
    about = struct.pack("<IiiHHIIiiII", 40, 10_000, 10_000, 1, 8, 1, 4 * n_codes, 0, 0, 256, 0)
    return head + about + bytes(1024) + b"\x00\x02\x00\x00" * n_codes + b"\x00\x01"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_command_that_decodes(trained, tmp_path, number):
    (tmp_path / "slow.bmp").write_bytes(make_slow_bmp(20_000_000))
    command = [sys.executable, "-m", "headstart", "predict", str(trained.folder), str(tmp_path / "slow.bmp")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(3)
        assert process.poll() is None
        process.send_signal(number)
        started = time.monotonic()
        _, said = process.communicate(timeout=60)
    assert time.monotonic() - started < 20
    assert process.returncode == 128 + number
    assert said.strip() == "headstart: stopped."


@pytest.mark.slow
def test_photos_beyond_the_limits_are_skipped_by_name(headstart, trained, tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "good.png")
    Image.new("L", (70_000, 1)).save(tmp_path / "long.png")
    (tmp_path / "slow.bmp").write_bytes(make_slow_bmp(20_000_000))
    done = headstart("predict", trained.folder, tmp_path)
    assert "good.png" in done.stdout
    assert "long.png  cannot be read: too long: 70,000 x 1 pixels, need sides of at most 65,535" in done.stdout
    assert "slow.bmp  cannot be decoded within 8 s" in done.stdout
