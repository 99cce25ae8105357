"""Notes on near copies: how many there are, which are across splits, and which have different labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos
from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import NearCopies

N_NAMED = 3  # pairs that a note names


def list_near_copy_notes(near_copies: NearCopies, catalog: Catalog) -> list[Note]:
    """Return the notes on the near copies of a catalog whose split is final."""
    if not near_copies.pairs:
        return []
    photos = {photo.digest: photo for photo in catalog.photos}
    is_together = not any(_is_across(photos.get(pair.first), photos.get(pair.second)) for pair in near_copies.pairs)
    n_apart = sum(_is_apart(photos.get(pair.first), photos.get(pair.second)) for pair in near_copies.pairs)
    notes = [_describe_pictures(near_copies, is_together=is_together, n_apart=n_apart)]
    notes += _describe_chain(near_copies)
    for split in ("validation", "test"):
        notes += _describe_across(near_copies, photos, split)
    conflicts = list_conflicts(near_copies, photos)
    if conflicts:
        named = _name_pairs([(pair.first, pair) for pair in conflicts], photos, "{} and {}")
        n = "1 pair of near copies has" if len(conflicts) == 1 else f"{len(conflicts):,} pairs of near copies have"
        text = f"{n} different labels: {named}. One of the two may be wrong: look at the photos, and correct it."
        notes.append(Note("near-copy-labels", text, "warning"))
    return notes


def note_common(is_common: npt.NDArray[np.bool_]) -> list[Note]:
    """Return a note if at least half of the photos show little but what they share: given (N,) whether each does."""
    n = int(is_common.sum())
    if 2 * n < len(is_common) or not n:
        return []
    text = (
        f"{count_photos(n)} of {len(is_common):,} show one scene or a few, as parts in one holder or frames of one "
        "video do. Only what differs was compared, so near copies among them may be missed. If they are frames, give "
        "the photos of one scene the same group in a CSV."
    )
    return [Note("near-copies-common", text)]


def list_conflicts(near_copies: NearCopies, photos: dict[str, Photo]) -> list[CopyPair]:
    """Return the pairs of different labels, given the photos by digest."""
    return [
        pair for pair in near_copies.pairs
        if pair.first in photos and pair.second in photos and photos[pair.first].label != photos[pair.second].label
    ]  # fmt: skip


def _describe_pictures(near_copies: NearCopies, *, is_together: bool, n_apart: int) -> Note:
    """Say how many different pictures the near copies show, if they are neither a chain nor in groups of the user."""
    n_photos, n_pictures = count_photos(len(near_copies.names)), near_copies.n_groups
    kinds = "saved again, resized, cropped, mirrored, or taken within a moment"
    if n_apart:
        pairs = "1 pair has" if n_apart == 1 else f"{n_apart:,} pairs have"
        text = f"{n_photos} are near copies of others ({kinds}). {pairs} photos of two of your groups"
        return Note("near-copies", f"{text}. Groups are not joined, so these photos may be in two splits.")
    if near_copies.is_chained:
        return Note("near-copies", f"{n_photos} are near copies of others ({kinds}).")
    if n_pictures == 1:
        text, place = f"{n_photos} show the same picture: they are near copies ({kinds}).", " They are in one split."
    else:
        text = f"{n_photos} show only {n_pictures:,} different pictures: they are near copies ({kinds})."
        place = " All photos of one picture are in one split."
    return Note("near-copies", text + place * is_together)


def _is_apart(one: Photo | None, other: Photo | None) -> bool:
    """Whether two near copies have two groups that the user named."""
    return one is not None and other is not None and None not in (one.group, other.group) and one.group != other.group


def _is_across(one: Photo | None, other: Photo | None) -> bool:
    return one is not None and other is not None and one.split != other.split


def _describe_chain(near_copies: NearCopies) -> list[Note]:
    if not near_copies.is_chained:
        return []
    text = (
        "Much of this set is one chain of near copies, as of the frames of a video. It would fill a split, so it was "
        "cut: there are near copies in two splits. Give the photos of one piece or scene the same group in a CSV."
    )
    return [Note("near-copies-chained", text, "warning")]


def _describe_across(near_copies: NearCopies, photos: dict[str, Photo], split: str) -> list[Note]:
    across = near_copies.list_across({digest: photo.split for digest, photo in photos.items()}, split)
    if not across:
        return []
    verb = "has" if len(across) == 1 else "have"
    named = _name_pairs(list(across.items()), photos, "{} (as {})")
    text = f"{count_photos(len(across), split)} {verb} a near copy in training: {named}."
    if split == "test":
        text += " metrics.json has the accuracy without them."
    return [Note("near-copies-across", text, "warning")]


def _name_pairs(pairs: list[tuple[str, CopyPair]], photos: dict[str, Photo], form: str) -> str:
    """Name the first few pairs, each as the photo with this digest and the other photo."""
    texts = []
    for digest, pair in pairs[:N_NAMED]:
        other = pair.second if pair.first == digest else pair.first
        texts.append(form.format(photos[digest].file, photos[other].file))
    more = f"; and {len(pairs) - N_NAMED:,} more" if len(pairs) > N_NAMED else ""
    return f"{'; '.join(texts)}{more}"
