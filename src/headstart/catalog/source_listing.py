"""The listing of a source: its photos with labels, before any of them is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

from headstart.catalog.photo import Photo, Skip
from headstart.catalog.split import SplitPlan
from headstart.evaluation.notes import Note


@dataclass(frozen=True, slots=True)
class ListedPhoto:
    """A file that may be a photo. The fields are those of `Photo`; the digest is None until the file is read.

    ``source`` is the number of its source, if there are several. ``is_suggested``: headstart suggest chose the photo.
    """

    file: str
    label: str
    split: str | None
    _: KW_ONLY
    group: str | None = None
    weight: float = 1.0
    digest: str | None = None
    near_copies: str | None = None
    source: int = 0
    is_suggested: bool = False

    def list_fields(self) -> list[Any]:
        """Return the fields in order, for JSON."""
        return [self.file, self.label, self.split, self.group, self.weight, self.digest]

    @staticmethod
    def from_fields(fields: Sequence[Any]) -> ListedPhoto:
        """Return the photo of `list_fields`."""
        file, label, split, group, weight, digest = fields
        return ListedPhoto(file, label, split, group=group, weight=weight, digest=digest)


@dataclass(frozen=True)
class SourceListing:
    """The content of a source.

    Attributes
    ----------
    root
        Folder to which names in messages are relative.
    photos
        Files with labels.
    labels
        All announced classes, with or without a file.
    plan
        Plan of the random split. None: unknown until the splits of all photos are.
    roots
        Roots of several sources, by the number of the source; empty for one source.
    names
        Names of several sources, in the same order.
    """

    root: Path
    photos: list[ListedPhoto]
    _: KW_ONLY
    labels: frozenset[str]
    plan: SplitPlan | None
    skipped: list[Skip] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    roots: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()

    def name_photo(self, photo: Photo) -> str:
        """Return the name of a photo for messages: if there is one root and it lies below it, relative to the root."""
        path = photo.path
        if self.roots:
            return path.as_posix()
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()

    def name_label(self, photo: Photo) -> str:
        """Return the label of a photo for messages, with the name of its source if there are several."""
        listed = (one.source for one in self.photos if (one.file, one.label) == (photo.file, photo.label))
        number = next(listed, None) if self.names else None
        return f"'{photo.label}'" if number is None else f"'{photo.label}' in {self.names[number]}"

    def find_root(self, path: Path) -> Path:
        """Return the root that a path lies below: of several sources, that of the first one that holds it."""
        return next((root for root in self.roots if path.is_relative_to(root)), self.root)
