"""The front door's ``forget``: remove photos from every store of the cache, and say which runs hold them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from headstart.catalog.photo_list import read_photo_list
from headstart.errors import CatalogError
from headstart.features import activation_files, feature_cache, stored_features
from headstart.features.activation_files import forget_activations
from headstart.features.forgotten_rows import Counts, forget_features
from headstart.features.stored_features import forget_stored_features
from headstart.process.progress import print_above
from headstart.runs.file_traces import find_file_traces, list_working_folders
from headstart.runs.photo_traces import find_traces, list_results, list_run_photos
from headstart.runs.run_folder import AUDIT, RUN
from headstart.scale import ray_output, ray_training
from headstart.scale.ray_removal import forget_ray_files
from headstart.storage import cache_users, digest_cache, result_cache
from headstart.storage.cache_users import is_cache_used
from headstart.storage.digest_cache import forget_digests
from headstart.storage.local_files import find_cache_folder
from headstart.storage.other_layouts import delete_other_layouts
from headstart.storage.remote_paths import RemotePath
from headstart.storage.removal import Removal
from headstart.storage.result_cache import forget_results
from headstart.training.forget_statement import Forgotten
from headstart.training.forgotten_photos import find_photos_to_forget, list_places
from headstart.training.statement_file import check_statement, finish_statement, reserve_statement
from headstart.tune import checkpoint
from headstart.tune.checkpoint import forget_checkpoints

STORES = frozenset({
    feature_cache.FILE_NAME, digest_cache.FILE_NAME, activation_files.FOLDER, stored_features.FOLDER,
    checkpoint.FOLDER, result_cache.FOLDER,
})  # fmt: skip
OTHERS = frozenset({result_cache.BACKBONES, cache_users.FILE_NAME, ray_output.LOG_NAME, ray_training.FOLDER})
SIDE_FILES = ("-wal", "-shm", "-journal")


def forget_photos(
    photos: str | Path | Sequence[str | Path] = (), *, lists: str | Path | Sequence[str | Path] = (),
    runs: str | Path | Sequence[str | Path] | None = None, out: str | Path | None = None, verbose: bool = True,
) -> Forgotten:  # fmt: skip
    """Remove photos from every store of the cache, and find the runs and audits that hold them.

    Photos are found by their content, so any copy of a photo will do. Features, thumbnails and measures are removed row
    by row. Files that also hold other photos, such as activations, are deleted whole and computed again when they are
    needed. The photo files, runs and audits are not changed.

    Parameters
    ----------
    photos
        Photo files, folders of photos, or the SHA-256 of photos in hex. A file that is gone is found if the cache or a
        run knows its digest.
    lists
        Text files with a path or a digest on each line, or CSVs with a column ``path`` or ``digest``, such as the
        ``catalog.csv`` of a run; or one of these.
    runs
        Folders, or one, in which runs and audits are searched, at any depth. None: ``runs`` and ``audits`` in the
        working folder.
    out
        File for the statement, JSON or text (``.txt``). It is not overwritten. It is written before photos are
        removed, and completed afterwards. None: no statement is written.

    Returns
    -------
    What was removed. `Forgotten.is_complete` is false if a store was in use, as by a running training.

    Raises
    ------
    CatalogError
        If something given is no photo; nothing is removed then.
    CacheError
        If the statement cannot be written; nothing is removed then.
    """
    if out is not None:
        check_statement(Path(out))
    folders = _find_folders(runs)
    results = list_results(folders)
    listed = [row for one in _list(lists, "lists") for row in read_photo_list(Path(one))]
    found, skipped = find_photos_to_forget(_list(photos, "photos"), listed, lambda: list_run_photos(results))
    digests = {photo.digest for photo in found}
    # before the removal: to read a classifier puts a part of it into the cache, and the cache knows other paths
    places = list_places(found, lambda: list_run_photos(results))
    traces, unsearched = find_traces(results, places, list_working_folders(folders))
    files, unread = find_file_traces(folders, results, traces, places)
    names = {photo.path for photo in found if photo.path is not None}
    forgotten = Forgotten(
        photos=tuple(found), skipped=tuple(skipped), removals=(), counts={}, known_paths={},
        traces=tuple(traces), files=tuple(files), unsearched=(*unsearched, *unread), searched=tuple(folders),
        cache=find_cache_folder(), unknown=(), time=_tell_time(), is_finished=False,
    )  # fmt: skip
    if out is not None:
        reserve_statement(Path(out), forgotten)
    removals, counts, paths = _remove(digests, names, verbose=verbose)
    forgotten = replace(
        forgotten, removals=tuple(removals), counts=counts, known_paths=paths, unknown=tuple(_list_unknown()),
        time=_tell_time(), is_finished=True,
    )  # fmt: skip
    if out is not None:
        finish_statement(Path(out), forgotten)
    return forgotten


def _tell_time() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _remove(
    digests: Collection[str], names: Collection[str], *, verbose: bool
) -> tuple[list[Removal], Counts, dict[str, list[str]]]:
    """Remove photos from all stores.

    Returns
    -------
    What was removed from each store, the rows by digest and table, and the paths by digest that the cache knew.
    """
    users = Removal("cache", "", problems=["a command of headstart is running and may write the same again"])
    is_used = is_cache_used()  # before and after: a command may end, or begin, meanwhile
    removals, counts = forget_features(digests, print_above if verbose else lambda _: None)
    removed, paths = forget_digests(digests, names)
    removals += [
        removed, forget_activations(digests), forget_checkpoints(digests), forget_stored_features(digests),
        forget_results(), forget_ray_files(), delete_other_layouts(STORES),
    ]  # fmt: skip
    return removals + [users] * (is_used or is_cache_used()), counts, paths


def _list(given: object, what: str) -> list[str | Path]:
    """Return one or several paths as a list."""
    if isinstance(given, str | Path | RemotePath) or not isinstance(given, Iterable):
        given = [given]
    listed = list(given)
    for one in listed:
        if not isinstance(one, str | Path | RemotePath):
            raise CatalogError(
                f"Cannot forget photos: got {str(one)[:100]!r} as {what}, need paths. Nothing was removed. Give a "
                "path, or a list of paths."
            )
    return listed


def _find_folders(runs: str | Path | Sequence[str | Path] | None) -> list[Path]:
    """Return the folders to search."""
    if runs is None:
        return [kind.place for kind in (RUN, AUDIT) if kind.place.is_dir()]
    folders = [Path(folder).expanduser() for folder in _list(runs, "runs")]
    missing = [f"'{folder}'" for folder in folders if not folder.is_dir()]
    if missing:
        raise CatalogError(
            f"Cannot search runs: got {', '.join(missing)}, need folders. Nothing was removed. Give a run, or a folder "
            "of runs."
        )
    return folders


def _list_unknown() -> list[str]:
    """Return the names in the cache folder that are no store of headstart."""
    own = STORES | OTHERS | {f"{name}{ending}" for name in STORES for ending in SIDE_FILES}
    folder = find_cache_folder()
    return sorted(path.name for path in folder.iterdir() if path.name not in own) if folder.is_dir() else []
