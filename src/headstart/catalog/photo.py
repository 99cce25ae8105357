"""A labelled photo, a file that was left out, and the names of the splits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from headstart.storage.remote_paths import make_path

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Photo:
    """One labelled photo.

    Attributes
    ----------
    file
        Path of the file as text; relative to the working folder if the source was given so. (`Path` objects of a
        hundred thousand photos would take 40 MB.)
    label
        Name of the class.
    digest
        SHA-256 of the file in hex.
    split
        ``train``, ``validation`` or ``test``; None until the split is drawn.
    group
        Name of the group (a patient, a video) whose photos stay in one split, or None.
    weight
        Weight in training, 0 to 1,000,000,000.
    near_copies
        Name that the near copies of one photo share, or None. Photos of one name stay in one split.
    is_drawn
        Whether the split was drawn at random. If not, a folder or a row names it.
    """

    file: str
    label: str
    _: KW_ONLY
    digest: str
    split: str | None
    group: str | None = None
    weight: float = 1.0
    near_copies: str | None = None
    is_drawn: bool = False

    @property
    def path(self) -> Path:
        """The path of the file; for a photo in a store, a `RemotePath`."""
        return make_path(self.file)


def digest_photos(photos: Iterable[Photo]) -> str:
    """Return one digest of a set of photos, in hex, by which two sets are known to be equal in any order."""
    return hashlib.sha256("".join(sorted(photo.digest for photo in photos)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Skip:
    """A file that was left out, and the reason; its SHA-256 in hex, if it was read and is known."""

    path: Path
    reason: str
    digest: str = ""
