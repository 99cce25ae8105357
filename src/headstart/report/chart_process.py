"""Draw the charts of a run in a second process, while this one writes everything else.

Importing matplotlib and drawing with it holds Python's lock for a third of a second. The second process imports
matplotlib while this one reads photos, and draws while this one lays out the grids of photos:

    start     `ChartProcess()` starts `headstart.report.chart_worker`, which imports matplotlib.
    request   `begin` sends the metrics and the history, as soon as a training has them.
    answer    `finish` takes the charts; if the process failed, it draws them here.
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

from headstart.report.figure_file import InlineImage

if TYPE_CHECKING:
    from headstart.report.charts import HistoryRow

TIMEOUT_S = 60.0  # drawing takes a tenth of a second; a process that hangs must not hold up a training


class ChartDrawer:
    """Draws the charts in this process: for programs that want no second one, and machines with one core."""

    def __init__(self) -> None:
        self._job: tuple[Sequence[HistoryRow], Mapping[str, Any], Path] | None = None

    def prepare(self) -> None:
        """Import what drawing needs in this process; it may run in a thread beside other work."""
        from headstart.report.preloading import preload_chart_modules

        preload_chart_modules()

    def begin(self, history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> None:
        """Note what to draw as ``NAME.png`` in a folder; `finish` draws it."""
        self._job = (history, metrics, folder)

    def finish(self) -> dict[str, InlineImage]:
        """Draw the requested charts, write them into the folder, and return them by name; none if none was requested.

        Raises
        ------
        RunError
            If a chart cannot be written.
        """
        from headstart.report.charts import save_charts

        return {} if self._job is None else save_charts(*self._job)

    def close(self) -> None:
        """Stop drawing, finished or not."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ChartProcess(ChartDrawer):
    """Draws the charts in a second process, which starts at once; if that process fails, draws them in this one."""

    def __init__(self) -> None:
        super().__init__()
        # -P: do not import a matplotlib.py that lies in the current folder
        command = [sys.executable, "-P", "-m", "headstart.report.chart_worker"]
        self._process: subprocess.Popen[bytes] | None = None
        self._request: Thread | None = None
        self._answer = b""
        try:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)  # noqa: S603
        except OSError:
            pass  # no second process can be started: `finish` draws

    def prepare(self) -> None:
        """Do nothing: the second process imports for itself."""

    def begin(self, history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> None:
        """Request the charts from the second process."""
        super().begin(history, metrics, folder)
        if self._process is None:
            return
        job = {"history": list(history), "metrics": metrics, "folder": str(folder.absolute())}
        # in a thread: a pipe takes 64 KB, a job of many classes is longer, and is read only after the imports
        self._request = Thread(target=self._send, args=(json.dumps(job).encode() + b"\n",), daemon=True)
        self._request.start()

    def _send(self, job: bytes) -> None:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired, OSError, ValueError):
                self._answer, _ = self._process.communicate(job, timeout=TIMEOUT_S)

    def finish(self) -> dict[str, InlineImage]:
        """Wait for the second process, and return its charts; if they are not complete, draw them here."""
        if self._request is None:
            return super().finish()
        self._request.join()
        is_done = self._process is not None and self._process.returncode == 0
        self.close()
        if is_done:
            with contextlib.suppress(ValueError, TypeError, AttributeError):
                return {name: InlineImage(*image) for name, image in json.loads(self._answer).items()}
        return super().finish()

    def close(self) -> None:
        """Stop the second process, finished or not."""
        if self._process is None:
            return
        self._process.kill()
        if self._request is not None:
            self._request.join()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # the process is gone: unsent bytes are lost
                    stream.close()
        self._process = None
