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
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from headstart.report.inline_image import InlineImage

if TYPE_CHECKING:
    from headstart.report.charts import HistoryRow

TIMEOUT_S = 60.0  # drawing takes a tenth of a second; a process that hangs must not hold up a training


class Artist:
    """Draws in this process: for programs that want no other, and machines of one core."""

    def __init__(self) -> None:
        self._job: tuple[Sequence[HistoryRow], Mapping[str, Any], Path] | None = None

    def prepare(self) -> None:
        """Import what drawing needs, where that is done in this process; it may run in a thread beside other work."""
        from headstart.report.preloading import prepare_charts

        prepare_charts()

    def begin(self, history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> None:
        """Ask for the charts, as ``NAME.png`` in a folder; returns before they are drawn."""
        self._job = (history, metrics, folder)

    def finish(self) -> dict[str, InlineImage]:
        """Wait for the charts that were asked for, and return them by name.

        Raises
        ------
        RunError
            If one cannot be written.
        """
        from headstart.report.charts import save_charts

        return {} if self._job is None else save_charts(*self._job)

    def close(self) -> None:
        """Stop what was begun, finished or not."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DistantArtist(Artist):
    """Draws in a process of its own, which starts at once; whatever that fails at is drawn in this one instead."""

    def __init__(self) -> None:
        super().__init__()
        # -P: a matplotlib.py in the current folder is none of ours
        command = [sys.executable, "-P", "-m", "headstart.report.chart_worker"]
        self._process: subprocess.Popen[bytes] | None = None
        self._asking: Thread | None = None
        self._answer = b""
        try:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)  # noqa: S603
        except OSError:
            pass  # no room for another process

    def prepare(self) -> None:
        """Do nothing: the other process prepares itself."""

    def begin(self, history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> None:
        """Ask the other process for the charts."""
        super().begin(history, metrics, folder)
        if self._process is None:
            return
        job = {"history": list(history), "metrics": metrics, "folder": str(folder.absolute())}
        # in a thread: a pipe takes 64 KB, a job of many classes is longer, and nobody reads before the imports are done
        self._asking = Thread(target=self._ask, args=(json.dumps(job).encode() + b"\n",), daemon=True)
        self._asking.start()

    def _ask(self, job: bytes) -> None:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired, OSError, ValueError):
                self._answer, _ = self._process.communicate(job, timeout=TIMEOUT_S)

    def finish(self) -> dict[str, InlineImage]:
        """Wait for the other process's charts, or draw them here if it has none that are whole."""
        if self._asking is None:
            return super().finish()
        self._asking.join()
        is_done = self._process is not None and self._process.returncode == 0
        self.close()
        try:
            images = (
                {name: InlineImage(*image) for name, image in json.loads(self._answer).items()} if is_done else None
            )
        except (ValueError, TypeError, AttributeError):
            images = None
        return super().finish() if images is None else images

    def close(self) -> None:
        """Stop the process, finished or not."""
        if self._process is None:
            return
        self._process.kill()
        if self._asking is not None:
            self._asking.join()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was not sent yet will not be
                    stream.close()
        self._process = None
