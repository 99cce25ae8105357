"""Decode photos that may take long, or crash their codec, in processes of their own, which end in time.

A process starts when the first such photo comes (0.3 s) and decodes one photo after the other. It ends itself if a
photo takes too long: clocks in it work even while a codec does not return. `decoding_worker` has the messages.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Any

import numpy as np

from headstart.errors import PhotoError
from headstart.pixels.damage import report_damage
from headstart.pixels.limits import DecodingLimits
from headstart.pixels.resizing import Pixels
from headstart.pixels.sample_values import MAX_DEPTH
from headstart.process.cores import count_cores
from headstart.process.own_python import start_module

_TIME_IS_UP = -getattr(signal, "SIGPROF", 0)  # of the worker's clock; a status of 0 is never an error
_idle: list[subprocess.Popen[bytes]] = []  # appending and popping need no lock


def decode_in_own_process(
    shape: str, data: bytes, size_px: int | None, limits: DecodingLimits, depth: int = MAX_DEPTH
) -> Pixels:
    """Return what `decode_here` returns with these arguments, or raise PhotoError within the time limit."""
    started = time.monotonic()
    try:
        process = _take_process()
    except OSError as error:
        raise PhotoError(f"cannot be decoded: no process can be started for it ({error.strerror})") from None
    job = {"shape": shape, "size_px": size_px, "limits": asdict(limits), "depth": depth, "n_bytes": len(data)}
    try:
        answer, pixels = _ask(process, json.dumps(job).encode() + b"\n", data)
    except (OSError, ValueError):
        _end(process)
        if process.returncode == _TIME_IS_UP or time.monotonic() - started >= limits.timeout_s:
            raise PhotoError(f"cannot be decoded within {limits.timeout_s:g} s") from None
        raise PhotoError(f"cannot be decoded: its decoder crashed (status {process.returncode})") from None
    if len(_idle) < count_cores():
        _idle.append(process)
    else:
        _end(process)
    if "reason" in answer:
        raise PhotoError(answer["reason"])
    for reason in answer["damage"]:
        report_damage(reason)
    return np.frombuffer(pixels, np.uint8).reshape(answer["shape"])


def _take_process() -> subprocess.Popen[bytes]:
    with suppress(IndexError):  # not asked before: another thread may take the last one meanwhile
        while True:
            process = _idle.pop()
            if process.poll() is None:
                return process
            _end(process)  # something else has ended it since its last photo
    return start_module("headstart.pixels.decoding_worker")


def _ask(process: subprocess.Popen[bytes], job: bytes, data: bytes) -> tuple[dict[str, Any], bytearray]:
    """Send a job and its photo, and return the answer and its pixels; raise OSError or ValueError without one."""
    to_process, from_process = process.stdin, process.stdout
    if to_process is None or from_process is None:
        raise OSError
    to_process.write(job)
    to_process.write(data)
    to_process.flush()
    answer: dict[str, Any] = json.loads(from_process.readline())
    return answer, read_exactly(from_process, answer["n_bytes"])


def read_exactly(stream: IO[bytes], n_bytes: int) -> bytearray:
    """Read a number of bytes; raise OSError if the stream ends before."""
    content = bytearray(n_bytes)
    view, at = memoryview(content), 0
    while at < n_bytes:
        n_read = stream.readinto(view[at:])  # type: ignore[attr-defined]  # the stream of a pipe has it
        if not n_read:
            raise OSError
        at += n_read
    return content


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):  # unsent bytes are lost
                stream.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # the processes are the parent's
