"""One labelled photo, one that was left out, and the names of the splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headstart.storage.remote_paths import make_path

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Photo:
    """One labelled photo.

    Attributes
    ----------
    file
        The path of its file as text, relative to the working folder or absolute, as the source was given. (`Path`
        objects of a hundred thousand photos would take 40 MB.)
    label
        The name of its class.
    digest
        SHA-256 of its bytes in hex: identical photos have the same.
    split
        ``train``, ``validation`` or ``test``; None until the split is drawn.
    group
        What it must stay together with (a patient, a video), or None.
    weight
        How much it counts in training, 0 or more.
    """

    file: str
    label: str
    digest: str
    split: str | None
    group: str | None = None
    weight: float = 1.0

    @property
    def path(self) -> Path:
        """The path of its file; of a photo in a store, a `RemotePath`."""
        return make_path(self.file)


@dataclass(frozen=True, slots=True)
class Skip:
    """One file that was left out, and why."""

    path: Path
    reason: str
