"""Tell a tracker of a run: what was chosen, what came of it, the curves, the figures.

A tracker gets what the files of the run folder say, so a run can be tracked when it ends and at any later time.
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
from headstart.runs.tracked_run import hide_password, read_tracked_run

# what each tracker needs, which its extra of the same name installs
PACKAGES = {"mlflow": ("mlflow", "sqlalchemy", "alembic"), "tensorboard": ("tensorboardX",)}
TRACKERS = tuple(PACKAGES)


def check_tracker(tracker: str) -> None:
    """Raise an error unless a tracker is one of `TRACKERS`, and what it needs is installed.

    Raises
    ------
    RunError
        If it is another word.
    MissingExtraError
        If packages are missing; the message names the extra.
    """
    if tracker not in TRACKERS:
        raise RunError(f"Cannot track a run: got tracker {tracker!r}, need one of {', '.join(TRACKERS)}.")
    require_packages(f"track by {tracker}", tracker, *PACKAGES[tracker])


def track_run(folder: Path, tracker: str) -> str:
    """Do what `Run.track` says."""
    check_tracker(tracker)
    try:
        said: str = import_module(f"headstart.runs.tracking_{tracker}").send_run(read_tracked_run(folder))
    except HeadstartError:
        raise
    except Exception as error:  # whatever a library, a server or a disk came up with
        reason = textwrap.shorten(hide_password(str(error)), 240, placeholder=" ...") or type(error).__name__
        raise RunError(f"Cannot track run '{folder}' by {tracker}: {reason.rstrip('.')}.") from error
    return said


def track_or_warn(folder: Path, tracker: str, say: Callable[[str], None]) -> None:
    """Do as `track_run` and say where it is, but only warn if the tracker fails: the run is there all the same."""
    try:
        say(track_run(folder, tracker))
    except HeadstartError as error:
        later = shlex.join(["headstart", "track", str(folder), "--to", tracker])
        warnings.warn(f"{error} The run is whole; to track it later: {later}", TrackingWarning, stacklevel=1)
