"""The door to OpenVINO: it comes in when it is needed, and reports to nobody."""

from __future__ import annotations

import sys
import threading
from typing import Any

_opening = threading.Lock()
_core: list[Any] = []


def open_openvino() -> Any:
    """Import OpenVINO without its converter of foreign models, and return it.

    Importing the converter takes longer than all the rest, and sends a message to its maker's statistics over the
    network. We convert nothing. Whoever asks for ``openvino.convert_model`` in the same process still gets it.
    """
    with _opening:
        if "openvino" not in sys.modules:
            sys.modules["openvino.tools"] = None  # type: ignore[assignment]  # openvino goes on where this fails
            try:
                import openvino
            finally:
                sys.modules.pop("openvino.tools", None)
            openvino.__dict__.setdefault("__getattr__", _fetch_converter)
    import openvino

    return openvino


def open_core() -> Any:
    """Return OpenVINO's ``Core``, one for the whole process.

    With the first network, a core sets an alternate stack for signals, and frees that memory when it goes: a signal
    that comes afterwards, such as Ctrl-C, would end the process in a segmentation fault. So it never goes.
    """
    openvino = open_openvino()
    with _opening:
        if not _core:
            _core.append(openvino.Core())
    return _core[0]


def _fetch_converter(name: str) -> Any:
    if name != "convert_model":
        raise AttributeError(f"module 'openvino' has no attribute {name!r}")
    from openvino.tools.ovc import convert_model

    return convert_model
