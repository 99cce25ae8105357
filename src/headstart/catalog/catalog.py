"""The catalog: photos with their labels and splits, what was left out, and what is worth knowing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.catalog.photo import SPLITS, Photo, Skip
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True, repr=False)
class Catalog:
    """A checked, split table of photos, which never changes.

    Attributes
    ----------
    photos
        In the order of their paths, or of the CSV's rows.
    skipped
        What was left out.
    notes
        Notes on the layout, leaks, conflicting labels, classes without photos and the like.
    source
        The folder or CSV as it was given.
    seed
        Fixes what was split at random.
    """

    photos: tuple[Photo, ...]
    skipped: tuple[Skip, ...] = ()
    notes: tuple[Note, ...] = ()
    source: str = ""
    seed: int = 0

    def __repr__(self) -> str:
        return (
            f"Catalog({self.source!r}: {len(self.photos):,} photos, {len(self.labels)} labels, "
            f"{len(self.skipped):,} skipped, seed {self.seed})"
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names found in train, sorted: the class list of a classifier."""
        return tuple(sorted({photo.label for photo in self.photos if photo.split == "train"}))

    def select(self, split: str) -> tuple[Photo, ...]:
        """Return the photos of a split, in order.

        Raises
        ------
        CatalogError
            If ``split`` is not ``train``, ``validation`` or ``test``.
        """
        if split not in SPLITS:
            raise CatalogError(f"Cannot select photos: got split {split!r}, need one of {', '.join(SPLITS)}.")
        return tuple(photo for photo in self.photos if photo.split == split)

    def select_notes(self, code: str) -> tuple[Note, ...]:
        """Return the notes with a code, such as ``leak``; docs/notes.md lists the codes."""
        return tuple(note for note in self.notes if note.code == code)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of photos by split and label; every split and label is there, with 0 where none is."""
        labels = sorted({photo.label for photo in self.photos})
        table = {split: dict.fromkeys(labels, 0) for split in SPLITS}
        for photo in self.photos:
            if photo.split is not None:
                table[photo.split][photo.label] += 1
        return table

    def without(self, paths_with_reasons: Mapping[Path, str]) -> Catalog:
        """Return the catalog less these photos, which join the skipped; no other photo changes its split.

        A class that loses its last training photo leaves with all its photos, and a note says so.

        Parameters
        ----------
        paths_with_reasons
            Why each photo is left out, by its `Photo.path`.

        Raises
        ------
        CatalogError
            If a path is not in the catalog.
        """
        from headstart.catalog.classes import drop_unlearned

        unknown = set(paths_with_reasons).difference(photo.path for photo in self.photos)
        if unknown:
            raise CatalogError(
                f"Cannot leave out photos: got '{min(unknown)}', one of {len(unknown)} not in the catalog, need photos "
                "of its own. Give their paths as the catalog has them."
            )
        left_out = tuple(
            Skip(photo.path, paths_with_reasons[photo.path])
            for photo in self.photos
            if photo.path in paths_with_reasons
        )
        kept = [photo for photo in self.photos if photo.path not in paths_with_reasons]
        kept, unlearned, notes = drop_unlearned(kept)
        return replace(
            self,
            photos=tuple(kept),
            skipped=(*self.skipped, *left_out, *unlearned),
            notes=(*self.notes, *notes),
        )

    def summary(self) -> str:
        """Return a readable table of labels and splits, then what was skipped and the notes."""
        from headstart.catalog.summary import count_reasons, write_counts

        counts = self.counts()
        n_labels = len(next(iter(counts.values())))
        lines = [f"{self.source}: {len(self.photos):,} photos, {n_labels:,} labels (seed {self.seed})", ""]
        lines += write_counts(counts)
        if self.skipped:
            lines += ["", f"{len(self.skipped):,} skipped:"]
            lines += [f"  {n:,} x {reason}" for reason, n in count_reasons(self.skipped)]
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines)

    def plot(self) -> Image.Image:
        """Draw nine training photos with their labels, three in a row; the same nine for the same seed.

        Returns
        -------
        PIL.Image.Image
            A notebook shows it; ``.save("photos.png")`` writes it.
        """
        from headstart.catalog.photo_overview import plot_training_photos

        return plot_training_photos(self.select("train"), self.seed)

    def write_csv(self, path: str | Path) -> None:
        """Write the photos as ``path,label,split,digest[,group][,weight]``, which `scan_photos` reads back.

        Paths are absolute, so the file can be renamed and moved, but not to another machine.

        Raises
        ------
        CatalogError
            If it cannot be written.
        """
        from headstart.catalog.csv_file import write_csv

        write_csv(self.photos, Path(path))
