"""Remove what Ray leaves in the cache: its log, and files of killed trainings, which name photos."""

from __future__ import annotations

import time

from headstart.scale.ray_output import LOG_NAME
from headstart.scale.ray_training import FOLDER
from headstart.storage.local_files import find_cache_folder
from headstart.storage.removal import Removal

SILENT_S = 3600  # after this time without a write, a training counts as dead


def forget_ray_files() -> Removal:
    """Delete the files of Ray, of any photo. Those that were written within the hour are kept: a problem."""
    removal = Removal("files of Ray", "its log, and what killed trainings left")
    log, home = find_cache_folder() / LOG_NAME, find_cache_folder() / FOLDER
    if log.exists():
        removal.delete(log)
    for folder in sorted(home.iterdir()) if home.is_dir() else []:
        newest = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
        if time.time() - newest < SILENT_S:
            removal.problems.append("a training on Ray may be running")
        elif folder.is_dir():
            removal.delete_folder(folder)
        else:
            removal.delete(folder)
    return removal
