"""Folders of files with the first bytes of photos: a scan decodes none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from headstart.catalog.photo import Photo

JPEG = b"\xff\xd8\xff\xe0"


@pytest.fixture
def lay(tmp_path: Path) -> Callable[..., Path]:
    """Lay out files below ``tmp_path/pets``: for a folder a number of photos, for a file its bytes."""

    def lay_files(layout: dict[str, int | bytes], root: str = "pets") -> Path:
        for name, content in layout.items():
            path = tmp_path / root / name
            if isinstance(content, bytes):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                continue
            path.mkdir(parents=True, exist_ok=True)
            for number in range(content):
                (path / f"{number:03}.jpg").write_bytes(JPEG + f"{name} {number}".encode())
        return tmp_path / root

    return lay_files


@pytest.fixture
def make_photo() -> Callable[..., Photo]:
    """Make a row without a file."""

    def make(name: str, label: str = "cats", split: str | None = None, digest: str | None = None, **rest) -> Photo:
        return Photo(str(name), label, digest=digest or f"digest of {name}", split=split, **rest)

    return make
