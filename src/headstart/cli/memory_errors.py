"""Recognise that memory has run out, whatever error a library makes of it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

MAX_TEXT = 300
# OpenVINO, ONNX Runtime, torch, threads, shared libraries and Pillow raise errors of general kinds
_WORDS = re.compile(
    r"bad[_ ]alloc|out of memory|(cannot|can't|unable to|failed to) allocate|not enough memory|can't start new thread"
    r"|failed to map segment|cannot create thread",
    re.IGNORECASE,
)


def explain_memory_error(error: BaseException) -> str | None:
    """Return the message for an error that a lack of memory caused, with what was asked; None for any other error."""
    for one in _walk_causes(error):
        text = (str(one).splitlines() or [""])[0].rstrip(".")[:MAX_TEXT]
        is_general = isinstance(one, RuntimeError | OSError | ImportError) and _WORDS.search(str(one))
        if isinstance(one, MemoryError) or getattr(one, "errno", None) == errno.ENOMEM or is_general:
            asked = f": {text}" if text else ""
            return (
                f"Cannot go on: the memory is full{asked}. Close other programs or raise the memory limit (ulimit -v, "
                "or that of the container), or choose a smaller --image-size or --method fixed."
            )
    return None


def _walk_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the errors that led to it."""
    seen = list[BaseException]()
    one: BaseException | None = error
    while one is not None and not any(one is other for other in seen):
        yield one
        seen.append(one)
        one = one.__cause__ or one.__context__
