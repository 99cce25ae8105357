"""Progress on stderr: a bar with rate and remaining time for steps that take longer than half a second."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from headstart.process.terminal_text import escape_controls

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

Progress = Callable[[int, int], None]
"""Function that is called as ``progress(n_done, n_total)`` after each small part of a step; it is cheap."""

QUIET_S = 0.5  # a shorter step shows no bar
LOG_S = 10.0  # between two lines in a log file


def ignore_progress(n_done: int, n_total: int) -> None:
    """Show no progress."""


@contextmanager
def show_progress(
    verb: str, *, is_shown: bool = True, unit: str = "photos", is_even: bool = True
) -> Iterator[Progress]:
    """Show a bar such as ``Extracting  1,200/3,000 photos  612/s  0:00:03 left`` until the block ends.

    On a terminal the bar appears after half a second, also if nothing was counted yet, and disappears at the end.
    Elsewhere, as in a log file, a line is printed every ten seconds. The count may start above 0 if a part was done
    before. If the parts take unlike times (not ``is_even``), the bar shows no rate and no remaining time.
    """
    if not is_shown:
        yield ignore_progress
    elif sys.stderr.isatty():
        with _show_bar(verb, unit, is_even=is_even) as progress:
            yield progress
    else:
        yield _make_log(verb, unit)


def print_above(line: str) -> None:
    """Print a line on stderr, above the bar if there is one."""
    if _shown:
        _shown[-1].console.print(escape_controls(line), highlight=False, markup=False)
    else:
        print(escape_controls(line), file=sys.stderr, flush=True)  # noqa: T201


_shown: list[Bar] = []  # the bars on the terminal now, the last one on top


@contextmanager
def _show_bar(verb: str, unit: str, *, is_even: bool) -> Iterator[Progress]:
    started = time.monotonic()
    bar: Bar | None = None
    is_over, lock = False, threading.Lock()
    counted: tuple[int, int | None] = 0, None

    def show() -> None:
        """Open the bar if the step goes on, and show what was counted."""
        nonlocal bar
        with lock:
            n_done, n_total = counted
            if is_over or (bar is None and n_done == n_total):
                return
            if bar is None:
                bar = _open_bar(verb, unit, is_even=is_even)
                _shown.append(bar)
            rate = n_done / max(time.monotonic() - started, 1e-9)
            bar.update(bar.task_ids[0], completed=n_done, total=n_total, rate=_format_rate(rate))

    def update(n_done: int, n_total: int) -> None:
        nonlocal counted
        counted = n_done, n_total
        if bar is not None or time.monotonic() - started > QUIET_S:
            show()

    timer = threading.Timer(QUIET_S, show)
    timer.daemon = True
    timer.start()
    try:
        yield update
    finally:
        timer.cancel()
        with lock:
            is_over = True
            if bar is not None:
                _shown.remove(bar)
                bar.stop()


def _open_bar(verb: str, unit: str, *, is_even: bool) -> Bar:
    """Show an empty bar. Rich is imported late: it takes 40 ms, and most commands show no bar."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    speed = (TextColumn("{task.fields[rate]}"), TimeRemainingColumn()) if is_even else ()
    columns = (TextColumn(verb), BarColumn(), MofNCompleteColumn(), TextColumn(unit), *speed)
    bar = Bar(*columns, console=Console(stderr=True), transient=True, refresh_per_second=8)
    bar.add_task(verb, total=None, rate="")
    bar.start()
    return bar


def _make_log(verb: str, unit: str) -> Progress:
    started = last = time.monotonic()

    def update(n_done: int, n_total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < LOG_S:
            return
        last = now
        rate = n_done / (now - started)
        left_s = (n_total - n_done) / rate if rate else 0.0
        print(f"{verb} {n_done:,}/{n_total:,} {unit}, {_format_rate(rate)}, {left_s:,.0f} s left", file=sys.stderr)  # noqa: T201

    return update


def _format_rate(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 1 or not rate else f"{1 / rate:,.0f} s each"
