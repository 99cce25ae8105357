"""A folder that is to hold features: claimed before the work, settled after it, and never anybody else's."""

from __future__ import annotations

import secrets
from pathlib import Path

from headstart.catalog.catalog import Catalog
from headstart.catalog.manifest import FILE_NAME, Manifest, read_manifest
from headstart.errors import CatalogError, ScaleError
from headstart.features.block_embedding import Embedding
from headstart.storage.remote_paths import (
    RemotePath,
    delete_path,
    find_path_kind,
    list_file_names,
    make_path,
    open_for_writing,
)

Source = str | Path | Catalog
HERE = "_here-"  # a file of each command that works on the folder: who sees it sees the same folder
OURS = ("part-", "_try-", HERE, ".part-")  # the last of writers that were killed


def claim_folder(source: Source, folder: Path, embedding: Embedding, *, overwrite: bool) -> Manifest:
    """Say in the folder what it will hold, and return that.

    What is whole there stays so until the new whole is: of the same photos and recipe its manifest is left as it is.

    Raises
    ------
    ScaleError
        If there are other things in it, or it is among the photos.
    """
    _check_outside(source, folder)
    kind, names = find_path_kind(folder), list_file_names(folder)
    known = _read_known(folder, overwrite=overwrite) if FILE_NAME in names else None
    if kind == "file" or (known is None and not _is_empty(folder, names)):
        what = "a file" if kind == "file" else "a folder with other things in it"
        raise ScaleError(f"Cannot write features to '{folder}': got {what}, need a new folder. Give another --out.")
    wanted = Manifest(embedding.describe(), name_source(source), token=secrets.token_hex(8))
    is_begun = known is not None and (known.is_complete or any(name.startswith("part-") for name in names))
    differing = _find_differences(known, wanted) if known is not None and is_begun else []
    if differing and not overwrite:
        raise ScaleError(
            f"Cannot write features to '{folder}': it has others (of another {', another '.join(differing)}). Give "
            "another --out, or --overwrite."
        )
    with open_for_writing(folder / f"{HERE}{wanted.token}"):
        pass
    if known is None or differing or not known.is_complete:
        wanted.write(folder)
    return wanted


def settle_folder(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of the whole, and delete what is no part of it: whoever reads the folder reads all files.

    Raises
    ------
    ScaleError
        If another command has put other features there meanwhile.
    """
    names, known = set(list_file_names(folder)), read_manifest(folder)
    if known is None or _find_differences(known, manifest) or not names.issuperset(manifest.parts):
        raise ScaleError(
            f"Cannot finish '{folder}': another command has written other features there meanwhile, need it alone. "
            "Give each its own --out."
        )
    manifest.write(folder)
    for name in names.difference(manifest.parts):
        if name.startswith(OURS):
            delete_path(folder / name)


def is_claimed(folder: Path, token: str) -> bool:
    """Say whether this is the folder that a command has claimed under a token."""
    return find_path_kind(folder / f"{HERE}{token}") == "file"


def release_folder(folder: Path, manifest: Manifest) -> None:
    """Take back the claim of a command that ends early."""
    delete_path(folder / f"{HERE}{manifest.token}")


def name_source(source: Source) -> str:
    """Return the text by which a manifest knows a source."""
    return source.source if isinstance(source, Catalog) else str(source)


def _is_empty(folder: Path, names: list[str]) -> bool:
    if isinstance(folder, RemotePath):
        return not names
    return not folder.is_dir() or not any(folder.iterdir())


def _read_known(folder: Path, *, overwrite: bool) -> Manifest | None:
    try:
        return read_manifest(folder)
    except CatalogError:
        if not overwrite:
            raise
        return Manifest({}, "")  # what cannot be read is of something else


def _find_differences(known: Manifest, wanted: Manifest) -> list[str]:
    """Return in what the features that a folder has differ from those it is to have."""
    names = sorted(name for name in wanted.recipe if known.recipe.get(name) != wanted.recipe[name])
    return ["source"] * (known.source != wanted.source) + names


def _check_outside(source: Source, folder: Path) -> None:
    photos = make_path(name_source(source))
    if not name_source(source) or isinstance(photos, RemotePath) or isinstance(folder, RemotePath):
        is_inside = folder.is_relative_to(photos) and bool(name_source(source))
    else:
        is_inside = photos.is_dir() and folder.resolve().is_relative_to(photos.resolve())
    if is_inside:
        raise ScaleError(
            f"Cannot write features to '{folder}': it is inside '{photos}', where the photos are. Give an --out "
            "outside of it."
        )
