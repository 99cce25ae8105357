"""The process of `headstart.pixels.decoding_process`: decode one photo after the other until the input ends.

    python -m headstart.pixels.decoding_worker

A job is one line of JSON and the bytes of the photo; an answer is one line of JSON and the pixels.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from headstart.errors import PhotoError
from headstart.pixels.damage import collect_damage
from headstart.pixels.decode import decode_here
from headstart.pixels.decoding_process import read_exactly
from headstart.pixels.limits import DecodingLimits, refuse_memory

BUSY = 3
_OWN_BYTES = 500_000_000  # of the interpreter and its libraries, with room for the libraries' own pools


def main() -> None:
    """Decode until the input ends."""
    # a codec may print: the answers keep the pipe for themselves
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with Path(os.devnull).open("w") as nowhere:
        while line := sys.stdin.buffer.readline():
            job = json.loads(line)
            limits = DecodingLimits(**job["limits"])
            _set_clocks(limits.timeout_s, nowhere)
            _carry_out(job, limits, sys.stdin.buffer, answers)
            _set_clocks(0, nowhere)


def _set_clocks(seconds: float, nowhere: IO[str]) -> None:
    """End this process after a time of work, even while a codec does not return; 0 stops the clocks.

    Other programs on the machine slow a photo down, which is not its fault: so the time is that of the processor, and
    `BUSY` times as much of the clock, if the system tells the first.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)  # then SIGPROF, which ends the process
        seconds *= BUSY
    if seconds:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
    else:
        faulthandler.cancel_dump_traceback_later()


def _carry_out(job: dict[str, Any], limits: DecodingLimits, source: IO[bytes], answers: IO[bytes]) -> None:
    data = bytes(read_exactly(source, job["n_bytes"]))
    _limit_memory(_OWN_BYTES + 3 * len(data) + limits.max_bytes)
    answer: dict[str, Any]
    pixels = np.zeros(0, np.uint8)
    try:
        with collect_damage() as damage:
            pixels = decode_here(job["shape"], data, job["size_px"], limits, job["depth"])
        answer = {"shape": pixels.shape, "damage": damage}
    except PhotoError as error:
        answer = {"reason": str(error)}
    except MemoryError:
        answer = {"reason": str(refuse_memory(limits))}
    answers.write(json.dumps(answer | {"n_bytes": pixels.nbytes}).encode() + b"\n")
    answers.write(pixels.reshape(-1).data)
    answers.flush()


def _limit_memory(n_bytes: int) -> None:
    """Limit the memory of this process, if the system has such limits."""
    with suppress(ImportError, ValueError, OSError):  # Windows, or a lower limit is set already
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, resource.getrlimit(resource.RLIMIT_DATA)[1]))


if __name__ == "__main__":
    main()
