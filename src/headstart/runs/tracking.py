"""Send a run to a tracker: settings, results, training curves and figures.

A tracker is sent the content of the run folder, so a run can be tracked when it ends or at any later time.
"""

from __future__ import annotations

import shlex
import textwrap
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from headstart.errors import HeadstartError, RunError, TrackingWarning
from headstart.process.packages import require_packages
from headstart.runs.tracked_run import read_tracked_run
from headstart.storage.remote_paths import hide_password

# packages that each tracker needs; the extra of the same name installs them
PACKAGES = {"mlflow": ("mlflow", "sqlalchemy", "alembic"), "tensorboard": ("tensorboardX",)}
TRACKERS = tuple(PACKAGES)


def check_tracker(tracker: str) -> None:
    """Raise an error unless a tracker is one of `TRACKERS` and its packages are installed.

    Raises
    ------
    RunError
        If the tracker is unknown.
    MissingExtraError
        If packages are missing. The message names the extra.
    """
    if tracker not in TRACKERS:
        raise RunError(f"Cannot track a run: got tracker {tracker!r}, need one of {', '.join(TRACKERS)}.")
    require_packages(f"track by {tracker}", tracker, *PACKAGES[tracker])


def track_run(folder: Path, tracker: str) -> str:
    """Send a run to a tracker, as `Run.track` describes."""
    check_tracker(tracker)
    try:
        sentence: str = import_module(f"headstart.runs.tracking_{tracker}").send_run(read_tracked_run(folder))
    except HeadstartError:
        raise
    except Exception as error:  # any error of a library, a server or a disk
        reason = textwrap.shorten(hide_password(str(error)), 240, placeholder=" ...") or type(error).__name__
        raise RunError(f"Cannot track run '{folder}' by {tracker}: {reason.rstrip('.')}.") from error
    return sentence


def track_or_warn(folder: Path, tracker: str, say: Callable[[str], None]) -> None:
    """Track a run and say where it is; if the tracker fails, only warn: the run itself is complete."""
    try:
        say(track_run(folder, tracker))
    except HeadstartError as error:
        later = shlex.join(["headstart", "track", str(folder), "--to", tracker])
        warnings.warn(f"{error} The run is complete; to track it later: {later}", TrackingWarning, stacklevel=1)
