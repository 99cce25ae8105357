"""The catalog: photos with labels and splits, files that were left out, and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.catalog.photo import SPLITS, Photo, Skip
from headstart.catalog.split import KEEP_ALL, SplitPlan
from headstart.errors import CatalogError
from headstart.evaluation.group_words import GROUP
from headstart.evaluation.notes import Note

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True, slots=True, repr=False)
class Catalog:
    """An immutable, checked table of photos with their splits.

    Attributes
    ----------
    photos
        Photos in the order of their paths, or of the rows of the table.
    skipped
        Files that were left out, with reasons.
    notes
        Notes on the layout, leaks, conflicting labels, classes without photos and the like.
    source
        Name of the source, as the user gave it.
    seed
        Seed of the random split.
    plan
        Plan of the random split, by which `redraw_splits` can draw another one.
    group_kind
        Kind of the photos' groups: ``camera``, ``folder`` or ``group``.
    is_recorded
        Whether the split is that of a run, which a replay takes as it is, with the names of near copies.
    compared_features
        Features by which the run searched for near copies, if its classifier may have others, as `auto` chooses them.
    sources
        Names of the sources, if there are several; ``source`` joins them.
    pinned
        Digests of photos whose splits stay if the split is drawn again: those of a run to which photos were added.
    """

    photos: tuple[Photo, ...]
    skipped: tuple[Skip, ...] = ()
    notes: tuple[Note, ...] = ()
    source: str = ""
    seed: int = 0
    plan: SplitPlan = KEEP_ALL
    group_kind: str = GROUP
    is_recorded: bool = False
    compared_features: str | None = None
    sources: tuple[str, ...] = ()
    pinned: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return (
            f"Catalog({self.source!r}: {len(self.photos):,} photos, {len(self.labels)} labels, "
            f"{len(self.skipped):,} skipped, seed {self.seed})"
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names in train, sorted: the classes of a classifier."""
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
        """Return the number of photos by split and label, 0 included."""
        labels = sorted({photo.label for photo in self.photos})
        table = {split: dict.fromkeys(labels, 0) for split in SPLITS}
        for photo in self.photos:
            if photo.split is not None:
                table[photo.split][photo.label] += 1
        return table

    def without(self, paths_with_reasons: Mapping[Path, str]) -> Catalog:
        """Return the catalog without some photos, which become skipped files. The other photos keep their splits.

        If a class loses its last training photo, all its photos are left out, with a note.

        Parameters
        ----------
        paths_with_reasons
            Reason for each photo that is left out, by its `Photo.path`.

        Raises
        ------
        CatalogError
            If a path is not in the catalog.
        """
        from headstart.catalog.classes import drop_untrained

        unknown = set(paths_with_reasons).difference(photo.path for photo in self.photos)
        if unknown:
            raise CatalogError(
                f"Cannot leave out photos: got '{min(unknown)}', one of {len(unknown)} not in the catalog, need photos "
                "of the catalog. Give their paths as the catalog has them.",
                path=min(unknown),
            )
        left_out = tuple(
            Skip(photo.path, paths_with_reasons[photo.path], photo.digest)
            for photo in self.photos
            if photo.path in paths_with_reasons
        )
        kept = [photo for photo in self.photos if photo.path not in paths_with_reasons]
        kept, untrained, notes = drop_untrained(kept)
        return replace(
            self, photos=tuple(kept), skipped=(*self.skipped, *left_out, *untrained), notes=(*self.notes, *notes)
        )

    def summary(self) -> str:
        """Return a table of labels and splits in text, then the skipped files by reason and the notes."""
        from headstart.evaluation.summary import count_reasons, write_counts

        counts = self.counts()
        n_labels = len(next(iter(counts.values())))
        lines = [f"{self.source}: {len(self.photos):,} photos, {n_labels:,} labels (seed {self.seed})", ""]
        lines += write_counts(counts)
        if self.skipped:
            lines += ["", f"{len(self.skipped):,} skipped:"]
            lines += [f"  {n:,} x {reason}" for reason, n in count_reasons(skip.reason for skip in self.skipped)]
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines)

    def plot(self) -> Image.Image:
        """Draw nine training photos with their labels. The seed decides which.

        Returns
        -------
        PIL.Image.Image
            A notebook shows the image; ``.save("photos.png")`` writes it.
        """
        from headstart.catalog.photo_overview import plot_training_photos

        return plot_training_photos(self.select("train"), self.seed)

    def write_csv(self, path: str | Path, folder: str | None = None) -> None:
        """Write the photos as ``path,label,split,digest[,group][,weight][,near_copies][,drawn]``.

        `scan_photos` reads the file back. Paths are absolute: the file can be moved, but not to another machine.

        Parameters
        ----------
        folder
            Absolute folder that paths are relative to instead, as the ``run.json`` of a run folder names it.

        Raises
        ------
        CatalogError
            If the file cannot be written.
        """
        from headstart.catalog.csv_file import write_csv

        write_csv(self.photos, Path(path), folder)
