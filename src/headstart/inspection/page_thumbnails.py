"""Thumbnails of photos for the page of an audit: small JPEGs as ``data:`` addresses."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from headstart.errors import PhotoError
from headstart.pixels.decode import read_thumbnail
from headstart.process.cores import count_cores
from headstart.process.progress import Progress, ignore_progress
from headstart.storage.remote_paths import make_path

SMALL_PX, LARGE_PX = 176, 400  # of the longer side: about 4 and 13 kB
QUALITY = 72


def read_thumbnails(
    sizes: Mapping[str, int], *, depth: int = 16, progress: Progress = ignore_progress
) -> dict[str, str]:
    """Return thumbnails of photos as ``data:`` addresses, by path; photos that cannot be decoded are left out.

    Takes 0.5 ms a photo of 450 x 370 pixels on two cores. WebP would be a quarter smaller, and take ten times as long
    to encode as libjpeg-turbo.

    Parameters
    ----------
    sizes
        Longer side in pixels of each thumbnail, by the path of the photo. Smaller photos keep their size.
    depth
        As for `read_photo`.
    """

    def read(item: tuple[str, int]) -> str | None:
        path, size_px = item
        return _encode(make_path(path), size_px, depth)

    found = {}
    with ThreadPoolExecutor(count_cores()) as pool:
        for n_done, (path, thumbnail) in enumerate(zip(sizes, pool.map(read, sizes.items()), strict=True), 1):
            if thumbnail is not None:
                found[path] = thumbnail
            progress(n_done, len(sizes))
    return found


def _encode(path: Path, size_px: int, depth: int) -> str | None:
    import simplejpeg

    try:
        pixels = read_thumbnail(path, size_px, depth=depth)
    except PhotoError:  # the finding says so
        return None
    data: bytes = simplejpeg.encode_jpeg(pixels, QUALITY, "RGB", "420", True)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
