"""The artist: a second process that draws the charts while this one writes everything else.

Importing matplotlib and drawing with it holds Python's lock for a third of a second. The artist imports while photos
are read, and draws while they are shown (`headstart.evaluation.studio`).
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from headstart.evaluation.inline_image import InlineImage

if TYPE_CHECKING:
    from headstart.evaluation.charts import HistoryRow

TIMEOUT_S = 60.0  # drawing takes a tenth of a second; a process that hangs must not hold up a training


class Artist:
    """Starts at once, draws once; whatever it fails at is drawn in this process instead."""

    def __init__(self) -> None:
        # -P: a matplotlib.py in the current folder is none of ours
        command = [sys.executable, "-P", "-m", "headstart.evaluation.studio"]
        self._process: subprocess.Popen[bytes] | None = None
        self._job: tuple[Sequence[HistoryRow], Mapping[str, Any], Path] | None = None
        try:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)  # noqa: S603
        except OSError:
            pass  # no room for another process

    def prepare(self) -> None:
        """Import what drawing needs, where that is done in this process; it may run in a thread beside other work."""

    def begin(self, history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> None:
        """Ask for the charts, as ``NAME.png`` in a folder; returns before they are drawn."""
        self._job = (history, metrics, folder)
        if self._process is None or self._process.stdin is None:
            return
        job = {"history": list(history), "metrics": metrics, "folder": str(folder.absolute())}
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self.close()

    def finish(self) -> dict[str, InlineImage]:
        """Wait for the charts that were asked for, and return them by name.

        Raises
        ------
        RunError
            If one cannot be written.
        """
        images = self._listen()
        if images is None:
            images = {} if self._job is None else _draw_here(*self._job)
        return images

    def _listen(self) -> dict[str, InlineImage] | None:
        """Return the other process's answer, or None if it has none that is whole."""
        if self._process is None:
            return None
        try:
            answer, _ = self._process.communicate(timeout=TIMEOUT_S)
            images = json.loads(answer) if self._process.returncode == 0 else None
            return None if images is None else {name: InlineImage(*image) for name, image in images.items()}
        except (subprocess.TimeoutExpired, ValueError, OSError):
            self.close()
            return None

    def close(self) -> None:
        """Stop the process, finished or not."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was not sent yet will not be
                    stream.close()
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class NoArtist(Artist):
    """Draws in this process: for programs that want no other, and machines of one core."""

    def __init__(self) -> None:
        self._process = None
        self._job = None

    def prepare(self) -> None:
        """Import what drawing needs."""
        from headstart.evaluation.prepare import prepare_charts

        prepare_charts()


def _draw_here(history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> dict[str, InlineImage]:
    from headstart.evaluation.studio import save_charts

    return save_charts(history, metrics, folder)
