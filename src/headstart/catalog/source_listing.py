"""What a folder or a CSV says, before any photo is opened."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headstart.catalog.photo import Photo, Skip
from headstart.catalog.split import SplitPlan
from headstart.evaluation.notes import Note


@dataclass(frozen=True, slots=True)
class ListedPhoto:
    """A file that may be a photo; the fields are those of `Photo`, the digest where it is known already."""

    file: str
    label: str
    split: str | None
    group: str | None = None
    weight: float = 1.0
    digest: str | None = None

    def list_fields(self) -> list[Any]:
        """Return the fields in their order, for JSON."""
        return [self.file, self.label, self.split, self.group, self.weight, self.digest]

    def with_digest(self, digest: str) -> ListedPhoto:
        """Return it with its digest known."""
        return replace(self, digest=digest)


@dataclass(frozen=True)
class SourceListing:
    """What a source holds.

    Attributes
    ----------
    root
        The folder that names are shown relative to.
    photos
        Files with labels, not yet opened.
    labels
        All classes that were announced, those without a file too.
    plan
        What is still to be split at random; None: it follows from the splits of all candidates, and they are not known.
    """

    root: Path
    photos: list[ListedPhoto]
    labels: frozenset[str]
    plan: SplitPlan | None
    skipped: list[Skip] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def name_photo(self, photo: Photo) -> str:
        """Return the name by which a note speaks of a photo: relative to the root where it lies below it."""
        path = photo.path
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()
