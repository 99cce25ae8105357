"""Notes that photos seem to come from several cameras or folders, and how to get the accuracy for a new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.grouping import MIN_GROUPS, find_folder
from headstart.catalog.photo import Photo
from headstart.evaluation.group_words import CAMERA, FOLDER
from headstart.evaluation.notes import Note
from headstart.pixels.camera import HEAD_BYTES, read_camera
from headstart.storage.remote_paths import RemotePath, make_path

N_SAMPLED = 200  # photos whose Exif data are read, in 10 ms
MAX_CAMERAS = 50  # more are probably the telephones of many people
MIN_PHOTOS = 3  # in the sample, of a camera or a folder that counts
MIN_SHARE = 0.5  # of the sampled photos, with a camera


def suggest_groups(catalog: Catalog) -> list[Note]:
    """Return a note for cameras and one for folders that could be the groups; none if photos have groups already.

    Up to 200 photos are looked at, and only local files. The note on folders comes if each class has at least two.
    """
    if any(photo.group is not None for photo in catalog.photos):
        return []
    photos = catalog.photos[:: -(-len(catalog.photos) // N_SAMPLED) or 1]
    return [*_suggest_cameras(photos), *_suggest_folders(photos, make_path(catalog.source))]


def _suggest_cameras(photos: Sequence[Photo]) -> list[Note]:
    names = Counter(name for photo in photos if (name := _read_head_camera(photo.path)) is not None)
    cameras = [name for name, n in names.items() if n >= MIN_PHOTOS]
    if not MIN_GROUPS <= len(cameras) <= MAX_CAMERAS or names.total() < MIN_SHARE * len(photos):
        return []
    text = (
        f"The photos come from {len(cameras)} cameras or more. --group-from {CAMERA} tells the accuracy for a camera "
        "never seen."
    )
    return [Note("several-cameras", text)]


def _suggest_folders(photos: Sequence[Photo], root: Path) -> list[Note]:
    counts: Counter[tuple[str, str]] = Counter()
    for photo in photos:
        path = photo.path
        if isinstance(path, RemotePath) or not path.is_relative_to(root):
            return []
        folder = find_folder(path.relative_to(root).as_posix(), photo.label)
        if folder is None:
            return []
        counts[photo.label, folder] += 1
    in_class = Counter(label for (label, _), n in counts.items() if n >= MIN_PHOTOS)
    folders = {folder for (_, folder), n in counts.items() if n >= MIN_PHOTOS}
    if len(folders) < MIN_GROUPS or any(in_class[photo.label] < 2 for photo in photos):
        return []
    text = (
        f"The photos of each class lie in several folders. If a folder is a series, such as a site, a day or a video, "
        f"--group-from {FOLDER} keeps it in one split and tells the accuracy for a new one."
    )
    return [Note("several-folders", text)]


def _read_head_camera(path: Path) -> str | None:
    if isinstance(path, RemotePath):
        return None
    try:
        with path.open("rb") as file:
            return read_camera(file.read(HEAD_BYTES))
    except (OSError, ValueError):  # also of photos in tar shards and tables
        return None
