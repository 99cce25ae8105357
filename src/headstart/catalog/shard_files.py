"""Read tar shards as in WebDataset: the files of a sample share a name, such as 1.jpg, 1.cls and 1.json."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from headstart.catalog.classes import clean_label, name_classes
from headstart.catalog.hashing import hash_bytes
from headstart.catalog.photo import Skip
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.split import KEEP_ALL, parse_split, plan_folders
from headstart.catalog.tool_folders import TOOL_FOLDERS
from headstart.catalog.walk import Folder, is_ignored, walk_folder
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.pixels.file_format import PHOTO_SUFFIXES
from headstart.pixels.photo_bytes import MAX_BYTES, explain_unreadable
from headstart.storage.remote_paths import make_path
from headstart.storage.tar_shards import SUFFIX, walk_shard

LABEL_KEYS = ("label", "class_name", "class", "cls")  # keys for a label in a sample's .json; the first one counts
PACKED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
MAX_TEXT = 1_000_000  # bytes that are read of a label or a .json
NO_LABEL = "has no label: need a .cls or a .json with 'label' beside it, or class folders in the shard"

Sample = tuple[ListedPhoto | Skip, bytes]
"""A photo with its bytes, or a skipped file with none."""


def find_shards(root: Path) -> list[Path]:
    """Return the shards in a folder, or in its folders named like splits, sorted; empty if it has class folders.

    An archive beside class folders is ignored: they were unpacked from it.
    """
    top = _list_folder(root)
    names = [name for name in top.folders if name.casefold() not in TOOL_FOLDERS]  # such as runs/ of this program
    if any(parse_split(name) is None for name in names):
        return []
    inside = {name: _list_folder(root / name) for name in names}
    if any(folder.folders for folder in inside.values()):
        return []
    files = [root / file for file in top.files]
    files += [root / name / file for name, folder in inside.items() for file in folder.files]
    packed = [file for file in files if file.name.endswith(PACKED)]
    if packed and len(packed) == len(files):
        raise CatalogError(
            f"Cannot scan '{root}': got compressed archives ({name_classes(file.name for file in packed)}), need "
            "folders of photos or plain tar files, which can be read in pieces. Unpack them first."
        )
    return [file for file in files if file.name.endswith(SUFFIX)]


def _list_folder(folder: Path) -> Folder:
    return walk_folder(folder, depth=0)[0][""]


def read_shards(
    root: Path, shards: Iterable[Path], *, is_for_training: bool = True, is_alone: bool = True
) -> SourceListing:
    """List the photos of shards, with their digests, in one pass over each shard."""
    photos, skipped = [], []
    for shard in shards:
        for found, data in walk_samples(shard, root):
            if isinstance(found, Skip):
                skipped.append(found)
                continue
            hashed = hash_bytes(data)
            if hashed.digest is None:
                skipped.append(Skip(make_path(found.file), str(hashed.reason)))
            else:
                photos.append(replace(found, digest=hashed.digest))
    return describe_shards(root, photos, skipped, is_for_training=is_for_training, is_alone=is_alone)


def describe_shards(
    root: Path, photos: list[ListedPhoto], skipped: list[Skip], *, is_for_training: bool = True,
    kind: str = "tar shards", is_alone: bool = True,
) -> SourceListing:  # fmt: skip
    """Return the listing of shards. Splits that their names do not give are planned.

    CatalogError is raised if there is no shard to train on, unless there are other sources (``is_alone`` is False).
    """
    if not photos and any(skip.reason == NO_LABEL for skip in skipped):
        names = {next(part for part in skip.path.parts if part.endswith(SUFFIX)) for skip in skipped}
        raise CatalogError(
            f"Cannot scan '{root}': got tar files whose photos have no label ({name_classes(names)}), need class "
            "folders or a .cls for each photo in them. Unpack them first, each into a folder of its own."
        )
    named = {photo.split for photo in photos if photo.split is not None}
    if is_for_training and is_alone and named and "train" not in named:
        raise CatalogError(
            f"Cannot scan '{root}': got shards of {', '.join(sorted(named))} alone, need some to train on. Name them "
            "like train-0000."
        )
    if named == {"train"}:  # without other splits, train means all photos
        photos, named = [replace(photo, split=None) for photo in photos], set()
    plan = plan_folders(named) if is_for_training else KEEP_ALL
    labels = frozenset(photo.label for photo in photos)
    note = Note("layout", f"Read as {kind}.")
    return SourceListing(root, photos, labels=labels, plan=plan, skipped=skipped, notes=[note])


def walk_samples(shard: Path, root: Path) -> Iterator[Sample]:
    """Yield the samples of a shard in their order, in one pass over it.

    The files of a sample follow each other and share their name up to its first dot. The label is the text of the
    ``.cls``, a ``label`` in the ``.json``, or the name of the folder. The split comes from a folder in the shard, the
    shard's name (``train-0001.tar``) or the folder of the shard below ``root``. CatalogError is raised if the shard
    cannot be read.
    """
    split = find_split(shard, root)
    key, parts = ("", ""), dict[str, tuple[str, bytes]]()
    try:
        for member in walk_shard(shard):
            name = member.name
            if any(map(is_ignored, name.split("/"))):
                continue
            problem = member.problem
            if _is_photo(name) and member.size > MAX_BYTES:
                problem = f"too large ({member.size / 1e6:,.0f} MB, at most {MAX_BYTES / 1e6:,.0f} MB)"
            if member.content is None or problem:
                yield Skip(shard / name, problem), b""
                continue
            folder, _, file = name.rpartition("/")
            stem, _, ending = file.partition(".")
            if (folder, stem) != key:
                yield from _make_samples(shard, split, parts)
                key, parts = (folder, stem), {}
            parts[ending.casefold()] = name, member.content.read() if _is_photo(name) else member.content.read(MAX_TEXT)
        yield from _make_samples(shard, split, parts)
    except (OSError, ValueError) as error:
        raise CatalogError(f"Cannot read '{shard}': {explain_unreadable(error)}. Check the path.", path=shard) from None
    except tarfile.TarError as error:
        raise CatalogError(
            f"Cannot read '{shard}': it is no tar file, or damaged ({error}). Fetch or pack it again.", path=shard
        ) from None


def _is_photo(name: str) -> bool:
    return f".{name.casefold().rpartition('.')[2]}" in PHOTO_SUFFIXES


def find_split(shard: Path, root: Path) -> str | None:
    """Return the split that the name of a shard or of its folder has, or None."""
    words = re.split(r"[-_. ]", shard.name) + ([shard.parent.name] if shard.parent != root else [])
    return next((split for word in words if (split := parse_split(word)) is not None), None)


def _make_samples(shard: Path, split: str | None, parts: dict[str, tuple[str, bytes]]) -> Iterator[Sample]:
    """Yield the photos of a sample, mostly one."""
    for name, data in parts.values():
        if not _is_photo(name):
            continue
        label, problem = _find_label(name, parts)
        if label is None:
            yield Skip(shard / name, problem), b""
            continue
        inside = next((found for word in name.split("/")[:-2] if (found := parse_split(word)) is not None), split)
        yield ListedPhoto(str(shard / name), label, inside), data


def _find_label(name: str, parts: dict[str, tuple[str, bytes]]) -> tuple[str | None, str]:
    """Return the label of a sample, or None and the reason."""
    text: str | None = name.rpartition("/")[0].rpartition("/")[2] or None
    if "json" in parts:
        try:
            facts = json.loads(parts["json"][1])
            text = next((str(facts[key]) for key in LABEL_KEYS if facts.get(key) is not None), text)
        except (ValueError, AttributeError, RecursionError):  # the last: [[[[ and so on
            return None, f"its {parts['json'][0].rpartition('/')[2]} is no JSON object"
    if "cls" in parts:
        text = parts["cls"][1].decode("utf-8", "replace")
    label = None if text is None else clean_label(text.strip())
    return label or None, NO_LABEL if not text else f"has the label {text[:40]!a}, need plain text"
