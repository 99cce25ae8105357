"""Import OpenVINO late, without its usage statistics, and with one core for the whole process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from headstart.errors import BackboneError
from headstart.process.forks import PerProcess, opening, was_forked

T = TypeVar("T")
FORKED_LIMIT_S = 20.0  # 0.02 to 1 s are usual
FIRST_WAIT_S, WAIT_FACTOR = 0.5, 1.5  # between tries: 8 within the limit
_stuck: set[int] = set()  # this process, if OpenVINO does not answer in it

_core: PerProcess[Any] = PerProcess()


def import_openvino() -> Any:
    """Import OpenVINO without its model converter, and return it.

    The import of the converter takes longer than the rest of OpenVINO, and sends usage statistics over the network.
    Headstart converts nothing. Other code in the process can still call ``openvino.convert_model``.
    """
    with opening:
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
    memory at its end. A later signal, such as Ctrl-C, would then end the process in a segmentation fault. A forked
    child gets a core of its own: that of the parent has threads that do not exist in the child.
    """
    return _core.get(lambda: import_openvino().Core())


def compile_in_time(compile_network: Callable[[], T]) -> T:
    """Return the result of a call that compiles; in a forked child, raise BackboneError if it takes too long.

    OpenVINO keeps the threads of a network that was freed, and gives them to the next network with the same settings.
    After a fork these threads do not exist, and the call waits for them for ever. It then keeps them in use, so the
    same call gets other threads: it is made again, each time in a thread of its own, while the earlier ones wait.
    """
    if not was_forked():
        return compile_network()
    results: list[T | Exception] = []
    is_done = threading.Event()

    def work() -> None:
        try:
            results.append(compile_network())
        except Exception as error:  # raised below, in the thread that has asked
            results.append(error)
        is_done.set()

    left_s = 0.0 if os.getpid() in _stuck else FORKED_LIMIT_S
    wait_s = FIRST_WAIT_S
    while not results and left_s > 0:
        threading.Thread(target=work, name="headstart-compiling", daemon=True).start()
        is_done.wait(min(wait_s, left_s))
        left_s -= wait_s
        wait_s *= WAIT_FACTOR
    if not results:
        _stuck.add(os.getpid())
        raise BackboneError(
            "Cannot compile a network: got a process that was forked while its parent computed, need one that can use "
            "OpenVINO. Fork before the first prediction, or use multiprocessing.get_context('spawn')."
        )
    if isinstance(results[0], Exception):
        raise results[0]
    return results[0]


def _import_converter(name: str) -> Any:
    if name != "convert_model":
        raise AttributeError(f"module 'openvino' has no attribute {name!r}")
    from openvino.tools.ovc import convert_model

    return convert_model
