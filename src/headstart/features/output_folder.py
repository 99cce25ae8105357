"""An output folder for features: claimed before the work and finished after it. Files of others are never touched."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import FILE_NAME, Manifest, read_manifest
from headstart.catalog.source import Source
from headstart.errors import CatalogError, ScaleError
from headstart.features.block_embedding import EmbeddingSettings
from headstart.process.progress import print_above
from headstart.storage.file_locks import hold_lock
from headstart.storage.remote_paths import (
    RemotePath,
    delete_path,
    find_path_kind,
    list_file_names,
    make_path,
    open_for_writing,
)

CLAIM = "_here-"  # prefix of a file that each running command leaves; a worker that sees it sees the same folder
ATTEMPT = "_try-"  # prefix of the files by which attempts at a block are counted
LOCK = "_writer"  # locked by the command that writes the folder
PARTIAL_PREFIXES = (".part-", f".{FILE_NAME}.", f".{CLAIM}")  # of partial files of killed writers
OWN_PREFIXES = ("part-", ATTEMPT, CLAIM, *PARTIAL_PREFIXES)
EMPTY_PREFIXES = (ATTEMPT, CLAIM, *PARTIAL_PREFIXES)  # a folder with only these was left before its manifest


@contextmanager
def write_alone(folder: Path, *, verbose: bool) -> Iterator[None]:
    """Let one command at a time write a folder; others wait. In a store nothing waits: `finish_folder` compares.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    if isinstance(folder, RemotePath):
        yield
        return

    def say_waiting(holder: str) -> None:
        if verbose:
            print_above(f"Waiting: {holder} is writing '{folder}'.")

    with hold_lock(folder / LOCK, say_waiting):
        yield


def check_folder(source: Source | Catalog, folder: Path, settings: EmbeddingSettings, *, overwrite: bool) -> None:
    """Raise ScaleError if a folder cannot be claimed: it holds other things, or lies among the photos."""
    _compare_folder(source, folder, settings, overwrite=overwrite)


def claim_folder(source: Source | Catalog, folder: Path, settings: EmbeddingSettings, *, overwrite: bool) -> Manifest:
    """Claim a folder, write into it what it will hold, and return that manifest.

    A finished folder stays finished until the new features are complete. If it holds the same photos and settings, its
    manifest is left as it is.

    Raises
    ------
    ScaleError
        If the folder holds other things, or lies among the photos.
    OSError
        If the folder cannot be written. It then has no claim.
    """
    wanted, is_known = _compare_folder(source, folder, settings, overwrite=overwrite)
    try:
        with open_for_writing(folder / f"{CLAIM}{wanted.token}"):
            pass
        if not is_known:
            wanted.write(folder)
    except BaseException:
        release_folder(folder, wanted)
        raise
    return wanted


def _compare_folder(
    source: Source | Catalog, folder: Path, settings: EmbeddingSettings, *, overwrite: bool
) -> tuple[Manifest, bool]:
    """Return the manifest to write, and whether the folder is finished with the same photos and settings."""
    _check_outside(source, folder)
    kind, names = find_path_kind(folder), list_file_names(folder)
    known = _read_known(folder, overwrite=overwrite) if FILE_NAME in names else None
    if kind == "file" or (known is None and not _is_empty(folder, names)):
        what = "a file" if kind == "file" else "a folder with other things in it"
        raise ScaleError(
            f"Cannot write features to '{folder}': got {what}, need a new folder. Give another --out.", path=folder
        )
    wanted = Manifest(settings.describe(), name_source(source), token=secrets.token_hex(8))
    is_begun = known is not None and (known.is_complete or any(name.startswith("part-") for name in names))
    differing = _find_differences(known, wanted) if known is not None and is_begun else []
    if differing and not overwrite:
        raise ScaleError(
            f"Cannot write features to '{folder}': got a folder of features with another "
            f"{', another '.join(differing)}, need the same. Give another --out, or --overwrite.",
            path=folder,
        )
    return wanted, known is not None and known.is_complete and not differing


def finish_folder(folder: Path, manifest: Manifest) -> None:
    """Write the final manifest and delete our other files: readers of the folder read every file in it.

    Raises
    ------
    ScaleError
        If another command has put other features there meanwhile.
    """
    names, known = set(list_file_names(folder)), read_manifest(folder)
    if known is None or _find_differences(known, manifest) or not names.issuperset(manifest.parts):
        raise ScaleError(
            f"Cannot finish '{folder}': another command has written other features there meanwhile, need a folder for "
            "each command. Give each its own --out.",
            path=folder,
        )
    manifest.write(folder)
    for name in names.difference(manifest.parts):
        if name.startswith(OWN_PREFIXES):
            delete_path(folder / name)


def is_claimed(folder: Path, token: str) -> bool:
    """Say whether this is the folder that a command has claimed with a token."""
    return find_path_kind(folder / f"{CLAIM}{token}") == "file"


def release_folder(folder: Path, manifest: Manifest) -> None:
    """Delete the claim of a command, if it is still there."""
    delete_path(folder / f"{CLAIM}{manifest.token}")


def name_source(source: Source | Catalog) -> str:
    """Return the text that identifies a source in a manifest."""
    return source.source if isinstance(source, Catalog) else str(source.path)


def _is_empty(folder: Path, names: list[str]) -> bool:
    """Say whether a folder holds nothing, except what a command left that ended before it wrote its manifest."""
    if not isinstance(folder, RemotePath):
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return all(name == LOCK or name.startswith(EMPTY_PREFIXES) for name in names)


def _read_known(folder: Path, *, overwrite: bool) -> Manifest | None:
    try:
        return read_manifest(folder)
    except CatalogError:
        if not overwrite:
            raise
        return Manifest({}, "")  # an unreadable manifest counts as that of other features


def _find_differences(known: Manifest, wanted: Manifest) -> list[str]:
    """Return the names of the facts in which two manifests differ."""
    names = sorted(name for name in wanted.recipe if known.recipe.get(name) != wanted.recipe[name])
    return ["source"] * (known.source != wanted.source) + names


def _check_outside(source: Source | Catalog, folder: Path) -> None:
    photos = make_path(name_source(source))
    if not name_source(source) or isinstance(photos, RemotePath) or isinstance(folder, RemotePath):
        is_inside = folder.is_relative_to(photos) and bool(name_source(source))
    else:
        is_inside = photos.is_dir() and folder.resolve().is_relative_to(photos.resolve())
    if is_inside:
        raise ScaleError(
            f"Cannot write features to '{folder}': it lies inside the folder of photos '{photos}'. Give an --out "
            "outside of it.",
            path=folder,
        )
