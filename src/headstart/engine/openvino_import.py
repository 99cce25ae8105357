"""Import OpenVINO late, without its usage statistics, and with one core for the whole process."""

from __future__ import annotations

import sys
import threading
from typing import Any

_importing = threading.Lock()
_core: list[Any] = []


def import_openvino() -> Any:
    """Import OpenVINO without its model converter, and return it.

    The import of the converter takes longer than the rest of OpenVINO, and sends usage statistics over the network.
    Headstart converts nothing. Other code in the process can still call ``openvino.convert_model``.
    """
    with _importing:
        if "openvino" not in sys.modules:
            sys.modules["openvino.tools"] = None  # type: ignore[assignment]  # openvino accepts that this import fails
            try:
                import openvino
            finally:
                sys.modules.pop("openvino.tools", None)
            openvino.__dict__.setdefault("__getattr__", _import_converter)
    import openvino

    return openvino


def get_core() -> Any:
    """Return OpenVINO's ``Core``, one for the whole process.

    The core is never freed. When it reads its first network, it sets an alternate stack for signals, and it frees that
    memory at its end. A later signal, such as Ctrl-C, would then end the process in a segmentation fault.
    """
    openvino = import_openvino()
    with _importing:
        if not _core:
            _core.append(openvino.Core())
    return _core[0]


def _import_converter(name: str) -> Any:
    if name != "convert_model":
        raise AttributeError(f"module 'openvino' has no attribute {name!r}")
    from openvino.tools.ovc import convert_model

    return convert_model
