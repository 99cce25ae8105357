"""The command line: ``headstart VERB``.

Exit status: 0 done; 1 the data or the model cannot be used (one message on stderr); 2 the command line is wrong.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import traceback
import warnings
from contextlib import suppress
from typing import Annotated

import typer

from headstart.cli import cache, demo, evaluate, predict, train
from headstart.cli.drawing import call_artist
from headstart.cli.speech import say
from headstart.errors import HeadstartError
from headstart.version import __version__

DRAWING_VERBS = ("train", "demo")

app = typer.Typer(
    name="headstart",
    help="Point it at a folder of labelled photos and get a trustworthy image classifier in seconds.",
    epilog="First look: headstart demo. Then: headstart train PHOTOS.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (train, predict, evaluate, demo, cache):
    verb.register(app)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        print(f"headstart {__version__}")  # noqa: T201
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  its callback answers
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    if context.invoked_subcommand in DRAWING_VERBS and not {"-h", "--help"} & set(sys.argv):
        # before the rest of the command line is read, which takes as long as starting a process
        context.obj = call_artist()
        context.call_on_close(context.obj.close)


def _say_warning(message: Warning | str, *_: object) -> None:
    say(f"Note: {message}")


class _Stopped(BaseException):
    """Ctrl-C. Typer would answer KeyboardInterrupt itself, and say nothing."""


def _stop(*_: object) -> None:
    raise _Stopped


def main() -> None:
    """Run the command line, and leave at once: taking down OpenVINO and matplotlib piece by piece takes 0.1 s."""
    status = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has seen enough
        pass
    except OSError as error:
        say(f"headstart: Cannot write: {error.strerror}. Make room on the disk.")
        status = status or 1
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _run() -> int:
    """Run the command line; every error that is meant for the user is one message, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # the name of a file may be anything
    os.environ.setdefault("MPLBACKEND", "agg")  # figures are files here, never windows
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the head has threads of its own (head/passes.py)
    warnings.filterwarnings("default", category=UserWarning, module="headstart")
    warnings.showwarning = _say_warning  # type: ignore[assignment]  # it needs the message alone
    signal.signal(signal.SIGINT, _stop)
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except HeadstartError as error:
        say(f"headstart: {error}")
        return 1
    except _Stopped:
        say("headstart: stopped. Features that were extracted are kept: the same command goes on from here.")
        return 130
    except BrokenPipeError:  # the reader, such as head, has seen enough
        return 141
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            traceback.print_exc()
        else:
            say(f"headstart: Cannot write: {error.strerror}. Make room on the disk.")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main()
