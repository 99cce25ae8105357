"""The entry point. It starts the slowest part before other imports, and turns each error into one message.

Exit status: 0 done; 1 the data or the model cannot be used (one message on stderr); 2 the command line is wrong;
130 Ctrl-C, and 128 more than the number of any other signal.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import CodeType, FrameType

from headstart.cli.printing import say
from headstart.errors import HeadstartError
from headstart.process.cores import count_cores
from headstart.process.own_python import kill_started
from headstart.process.terminal_text import escape_name
from headstart.report.chart_process import ChartDrawer, ChartProcess

N_OBJECTS = 50_000  # allocations between two garbage collections: with Python's 700 they take 3% of a short command
CACHING = ("train", "demo", "advise", "audit", "suggest", "embed")  # commands that continue where they were stopped
SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


class _Stopped(BaseException):
    """Ctrl-C, a kill or a closed terminal. Click would handle KeyboardInterrupt without our message."""


_received: list[int] = []


def _stop(number: int, frame: FrameType | None) -> None:
    if _is_in(_stop_again.__code__, frame):  # Python would drop the exception again; the first signal is being repeated
        return
    _ignore_signals()  # a second signal would interrupt the cleaning up
    _received.append(number)
    kill_started()  # a thread may wait for one
    raise _Stopped


def _stop_again(lost: sys.UnraisableHookArgs) -> None:
    """Send a signal again if it came in a finalizer, where Python drops every exception."""
    if issubclass(lost.exc_type, _Stopped):
        number = _received.pop()
        signal.signal(number, _stop)
    elif issubclass(lost.exc_type, KeyboardInterrupt):  # ends a step early (process/interrupts.py)
        number = signal.SIGINT
    else:
        sys.__unraisablehook__(lost)
        return
    threading.Thread(target=_send, args=[number], daemon=True).start()


def _send(number: int) -> None:
    main_thread = threading.main_thread().ident or 0
    while _is_in(_stop_again.__code__, sys._current_frames().get(main_thread)):  # noqa: SLF001
        time.sleep(0.001)
    if hasattr(signal, "pthread_kill"):  # wakes the main thread even if it waits for another one
        signal.pthread_kill(main_thread, number)
    else:
        signal.raise_signal(number)


def _is_in(code: CodeType, frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


def _ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _say_stopped() -> int:
    kept = " Finished features and epochs are kept: run the same command again to continue."
    is_kept = "--no-cache" not in sys.argv and "".join(sys.argv[1:2]) in CACHING
    with suppress(OSError):  # the terminal may be gone
        say(f"headstart: stopped.{kept if is_kept else ''}")
    return 128 + _received[0]


def main() -> None:
    """Run the command line and exit at once: the normal exit of OpenVINO and matplotlib takes 0.1 s."""
    try:
        status = _run()
        _ignore_signals()
    except _Stopped:  # at the very end, or while an error was printed
        status = 128 + _received[0]
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, needs no more lines
        status = status or 1
    except OSError as error:
        say(f"headstart: Cannot write: {error.strerror}. Make room on the disk.")
        status = status or 1
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _run() -> int:
    """Run the command line and return the exit status; an expected error is one message without a traceback."""
    chart_drawer = None
    try:
        _set_up()
        if _is_drawing(sys.argv[1:]):
            chart_drawer = start_chart_drawer()
        from headstart.cli.app import app

        app(obj=chart_drawer)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except HeadstartError as error:
        path = str(error.path or "")  # a message may have several lines, a name in it one
        say(f"headstart: {str(error).replace(path, escape_name(path)) if path else error}")
        return 1
    except _Stopped:
        return _say_stopped()
    except BaseException as error:
        # a library that was interrupted during its import raises an error of its own
        return _say_stopped() if _received else _explain(error)
    finally:
        if chart_drawer is not None:
            chart_drawer.close()
    return 0


def _explain(error: BaseException) -> int:
    """Print one message for a full disk or full memory, and a traceback for any other error."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG):
        say(f"headstart: Cannot write: {error.strerror}. Make room on the disk.")
        return 1
    from headstart.cli.memory_errors import explain_memory_error

    message = explain_memory_error(error)
    if message is None:
        return _show_bug()
    say(f"headstart: {message}")
    return 1


def _is_drawing(arguments: list[str]) -> bool:
    return arguments[:1] in (["train"], ["demo"]) and not {"-h", "--help"} & set(arguments)


def start_chart_drawer() -> ChartDrawer:
    """Start a second process for charts if there are two cores and a Python to start; else draw in this process."""
    is_possible = count_cores() > 1 and sys.executable and not hasattr(sys, "frozen")
    return ChartProcess() if is_possible else ChartDrawer()


def _set_up() -> None:
    """Set signals, streams, variables and warnings of the process."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it, and shells for background jobs
            signal.signal(number, _stop)
    gc.set_threshold(N_OBJECTS)
    # a program without a console, or one whose output was closed, has no streams
    sys.stdout, sys.stderr = (stream or Path(os.devnull).open("w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name can have any bytes
    sys.unraisablehook = _stop_again
    os.environ.setdefault("MPLBACKEND", "agg")  # figures are written to files, never shown in windows
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the head uses threads of its own (head/parallel_rows.py)
    import warnings

    warnings.filterwarnings("default", category=UserWarning, module="headstart")
    warnings.showwarning = _say_warning  # type: ignore[assignment]  # it uses the message alone


def _say_warning(message: Warning | str, *_: object) -> None:
    say(f"Note: {message}")


def _show_bug() -> int:
    import traceback

    traceback.print_exc()
    return 1
