"""Draw the random part of a split again: with another seed or other shares, or once near copies are known.

What the note on the layout says of the split stays true, also if photos turn out to be damaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.classes import drop_untrained
from headstart.catalog.photo import Photo
from headstart.catalog.split import assign_splits, describe_split
from headstart.evaluation.notes import Note


def redraw_splits(
    catalog: Catalog,
    *,
    seed: int | None = None,
    near_copies: Mapping[str, str] | None = None,
    shares: Mapping[str, int] | None = None,
) -> Catalog:
    """Draw the random part of the split of a catalog again. Splits that folders or rows name stay.

    If nothing was drawn, only the seed and the names of near copies change. If nothing is asked that the catalog does
    not have, it stays as it is: photos that were left out since then would change the split.

    Parameters
    ----------
    seed
        Seed of the new split. Default: that of the catalog.
    near_copies
        Names that near copies share, by digest. Default: those that the photos have.
    shares
        Percent by split, 100 in all, for a catalog whose photos were all drawn. Default: those of the plan.
    """
    seed = catalog.seed if seed is None else seed
    plan = catalog.plan
    if shares is not None:  # a share of 0 is no split: otherwise each class would give it a photo
        plan = replace(plan, shares={split: share for split, share in shares.items() if share})
    is_named = near_copies is None or all(near_copies.get(p.digest) == p.near_copies for p in catalog.photos)
    if (seed, plan) == (catalog.seed, catalog.plan) and is_named:
        return catalog
    free = [_undo(photo, catalog, near_copies) for photo in catalog.photos]
    photos, ambiguous = assign_splits(free, plan, seed)
    notes = _tell_again(catalog.notes, catalog, describe_split(plan, free, photos))
    kept, untrained, said = drop_untrained(photos)
    return replace(
        catalog, photos=tuple(kept), skipped=(*catalog.skipped, *ambiguous, *untrained), notes=(*notes, *said),
        seed=seed, plan=plan,
    )  # fmt: skip


def leave_out(catalog: Catalog, reasons: Mapping[Path, str]) -> Catalog:
    """Return the catalog without some photos, as `Catalog.without`. The note on the layout counts the others."""
    kept = catalog.without(reasons)
    return replace(kept, notes=_tell_again(kept.notes, catalog, _describe(kept)))


def _tell_again(notes: Sequence[Note], catalog: Catalog, sentence: str) -> tuple[Note, ...]:
    """Return the notes with another sentence on the split in place of that of a catalog."""
    before = _describe(catalog)
    return tuple(
        replace(note, text=note.text.replace(before, sentence)) if note.code == "layout" else note for note in notes
    )


def _describe(catalog: Catalog) -> str:
    return describe_split(catalog.plan, [_undo(photo, catalog, None) for photo in catalog.photos], catalog.photos)


def _undo(photo: Photo, catalog: Catalog, near_copies: Mapping[str, str] | None) -> Photo:
    """Return a photo as it was before its split was drawn."""
    named = photo.near_copies if near_copies is None else near_copies.get(photo.digest)
    if not photo.is_drawn and named == photo.near_copies:
        return photo
    if photo.digest in catalog.pinned:
        return replace(photo, near_copies=named)
    split = catalog.plan.pool if photo.is_drawn else photo.split
    return replace(photo, split=split, near_copies=named, is_drawn=False)
