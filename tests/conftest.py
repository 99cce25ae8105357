"""What all tests share: a cache of their own, and small photos made on the spot."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory):
    """No test reads or writes the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photos, where there is one."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("needs the real photos of ../shared/data, which this machine lacks")
    return folder


def paint_photo(label: str, number: int, size: tuple[int, int] = (80, 60)) -> Image.Image:
    """Paint a photo that a classifier can tell from those of another label: stripes, dots or noise in many colours."""
    generator = np.random.default_rng([number, *label.encode()])
    width, height = size
    y, x = np.mgrid[:height, :width]
    phase, scale = generator.uniform(0, 6), generator.uniform(0.3, 0.6)
    pattern = {
        "stripes": np.sin(scale * x + phase),
        "dots": np.sin(scale * x + phase) * np.sin(scale * y + phase),
        "rings": np.sin(scale * np.hypot(x - width / 2, y - height / 2) + phase),
    }[label]
    colour = generator.uniform(60, 120, 3)
    pixels = 128 + pattern[..., None] * colour + generator.normal(0, 12, (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encode(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """Return an image as the bytes of a photo file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture(scope="session")
def paint_folder() -> Callable[..., Path]:
    """Make a folder of class folders with painted photos."""

    def paint(folder: Path, labels: tuple[str, ...] = ("dots", "stripes"), n: int = 20) -> Path:
        for label in labels:
            (folder / label).mkdir(parents=True)
            for number in range(n):
                (folder / label / f"{number:03}.jpg").write_bytes(encode(paint_photo(label, number), quality=90))
        return folder

    return paint


@pytest.fixture
def make_folder(tmp_path: Path, paint_folder: Callable[..., Path]) -> Callable[..., Path]:
    """Make such a folder below the test's own."""

    def make(name: str = "photos", labels: tuple[str, ...] = ("dots", "stripes"), n: int = 20) -> Path:
        return paint_folder(tmp_path / name, labels, n)

    return make


@pytest.fixture(scope="session")
def headstart() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user does: in a process of its own."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "headstart", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)

    return run
