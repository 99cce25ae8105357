"""Give photos their groups: by a part of the path, by the folder below the class folder, or by the camera."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from headstart.catalog.classes import clean_label
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.errors import CatalogError, PhotoError
from headstart.evaluation.group_words import CAMERA, FOLDER, GROUP, count_groups
from headstart.evaluation.notes import Note
from headstart.evaluation.words import count_photos
from headstart.pixels.camera import read_camera
from headstart.pixels.photo_bytes import read_bytes
from headstart.storage.remote_paths import RemotePath, make_path

MIN_GROUPS = 3  # one for each split
Names = list[str | None]


def check_pattern(group_from: str | None) -> None:
    """Raise CatalogError if groups are asked for by a pattern that is no regular expression."""
    if group_from is None or group_from in (CAMERA, FOLDER):
        return
    try:
        re.compile(group_from)
    except re.error as error:
        raise CatalogError(
            f"Cannot group photos by {group_from!r}: got no regular expression ({error}), need 'camera', 'folder' or "
            "a pattern such as '(site[0-9]+)'. Put it in single quotes."
        ) from None
    if not group_from:
        raise CatalogError("Cannot group photos by '': got an empty pattern, need one such as '(site[0-9]+)'. Give it.")


def find_group_kind(group_from: str | None) -> str:
    """Return the kind of the groups: ``camera``, ``folder`` or ``group``."""
    return group_from if group_from in (CAMERA, FOLDER) else GROUP


def group_listing(
    listing: SourceListing, group_from: str, root: Path | None = None, *, is_for_training: bool = True
) -> SourceListing:
    """Return a listing whose photos have groups, which replace those of a table; photos without one keep None.

    For training with fewer than three groups no photo gets one, and a note says so: one could not be held out in each
    split.

    Parameters
    ----------
    group_from
        ``camera``: make, model and serial number in the Exif data, for which every photo is read. ``folder``: the
        folder below the class folder, in all classes the same. Else a regular expression that is searched in the path
        relative to the source: its first group, or the whole match.
    root
        Folder to which paths are relative. Default: that of the listing.

    Raises
    ------
    CatalogError
        If no photo gets a group. The message has a path as an example.
    """
    kind = find_group_kind(group_from)
    roots = [root] if root is not None else listing.roots or [listing.root]
    paths = [_shorten(photo.file, roots[photo.source]) for photo in listing.photos]
    names = _find_names(group_from, paths, listing.photos)
    counts = Counter(name for name in names if name is not None)
    if listing.photos and not counts:
        raise CatalogError(_describe_shortage(group_from, paths))
    n_without = len(names) - counts.total()
    without = f" {count_photos(n_without)} without one." if n_without else ""
    named = ", ".join(f"{name} ({count_photos(n)})" for name, n in counts.most_common(5))
    more = f" and {len(counts) - 5:,} more" if len(counts) > 5 else ""
    text = f"The photos come from {count_groups(len(counts), kind)}: {named}{more}.{without}"
    if is_for_training and len(counts) < MIN_GROUPS:
        text += f" With fewer than {MIN_GROUPS}, none can be held out, so the {kind}s are not kept apart."
        return replace(listing, notes=[*listing.notes, Note("groups", text, "warning")])
    if is_for_training:
        text += f" The photos of a {kind} stay in one split."
    photos = [replace(photo, group=name) for photo, name in zip(listing.photos, names, strict=True)]
    return replace(listing, photos=photos, notes=[*listing.notes, Note("groups", text)])


def find_folder(path: str, label: str) -> str | None:
    """Return the folder below the class folder of a photo, or None.

    Examples
    --------
    >>> find_folder("train/cats/monday/1.jpg", "cats"), find_folder("train/cats/1.jpg", "cats")
    ('monday', None)
    """
    parts = PurePosixPath(path).parts[:-1]
    at = next((n for n, part in enumerate(parts) if part == label or clean_label(part) == label), len(parts))
    return parts[at + 1] if at + 1 < len(parts) else None


def _find_names(group_from: str, paths: Sequence[str], photos: Sequence[ListedPhoto]) -> Names:
    if group_from == CAMERA:
        return [_read_camera(photo) for photo in photos]
    find: Callable[[str, str], str | None] = find_folder
    if group_from != FOLDER:
        pattern = re.compile(group_from)

        def find(path: str, _: str) -> str | None:
            match = pattern.search(path)
            return match and match[1 if pattern.groups else 0]

    return [_clean(find(path, photo.label)) for path, photo in zip(paths, photos, strict=True)]


def _clean(name: str | None) -> str | None:
    return (clean_label(name) or ascii(name)) if name else None


def _read_camera(photo: ListedPhoto) -> str | None:
    path = make_path(photo.file)
    try:
        return None if isinstance(path, RemotePath) else read_camera(read_bytes(path))
    except PhotoError:  # it is skipped where it is decoded, with its reason
        return None


def _shorten(file: str, root: Path) -> str:
    """Return the path of a photo relative to the root if it lies below it, with slashes."""
    path = make_path(file)
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _describe_shortage(group_from: str, paths: Sequence[str]) -> str:
    if group_from == CAMERA:
        return (
            f"Cannot group {count_photos(len(paths))} by camera: got none whose Exif data name one, such as "
            f"'{paths[0]}'. Give --group-from a regular expression on the path instead."
        )
    if group_from == FOLDER:
        return (
            f"Cannot group {count_photos(len(paths))} by folder: got none in a folder below its class folder, such as "
            f"'{paths[0]}'. Give --group-from a regular expression on the path instead."
        )
    return (
        f"Cannot group {count_photos(len(paths))} by {group_from!r}: got no path with a match, such as '{paths[0]}', "
        "need at least one. Correct the pattern; it is searched in the path relative to the data."
    )
