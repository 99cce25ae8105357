"""Make as many distinct photos as a benchmark needs out of a few real ones: random crops, mirrored, encoded again.

    python benchmarks/photo_maker.py DATA FOLDER N

A process of its own: the system counts a process's peak memory from that of the process that started it.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import simplejpeg

from headstart.pixels.decode import read_photo

SIDE_PX = 256
CROP_PX = 224
FOLDER_SIZE = 1000  # files: a folder of a hundred thousand is slow to list on some disks
N_SOURCES = 400


def make_photos(data: Path, folder: Path, n_photos: int) -> Path:
    """Write ``n_photos`` JPEGs of `CROP_PX` pixels into class folders, half of them of each class of ``data``."""
    labels = sorted(path.name for path in (data / "training_set").iterdir() if path.is_dir())
    sources = {label: _read_sources(data / "training_set" / label) for label in labels}

    def make(number: int) -> None:
        label = labels[number % len(labels)]
        path = folder / label / f"{number // FOLDER_SIZE:04}" / f"{number:08}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(number)
        pixels = sources[label][generator.integers(len(sources[label]))]
        top, left = generator.integers(0, SIDE_PX - CROP_PX, 2)
        crop = pixels[top : top + CROP_PX, left : left + CROP_PX]
        crop = crop[:, :: 1 if generator.integers(2) else -1].copy()
        crop[:4, :4] = generator.integers(0, 256, (4, 4, 3))  # a stamp: no two photos are the same
        path.write_bytes(simplejpeg.encode_jpeg(crop, quality=85))

    with ThreadPoolExecutor() as pool:
        for _ in pool.map(make, range(n_photos), chunksize=64):
            pass
    return folder


def _read_sources(folder: Path) -> list[npt.NDArray[np.uint8]]:
    paths = sorted(folder.glob("*.jpg"))[:N_SOURCES]
    return [read_photo(path, SIDE_PX) for path in paths]


if __name__ == "__main__":
    make_photos(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
