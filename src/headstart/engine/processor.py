"""The processor of this machine: which precisions it computes in, and what decides the bits of a feature."""

from __future__ import annotations

import json
import os
import platform
from functools import cache
from pathlib import Path
from typing import Literal

from headstart.engine.openvino_import import get_core
from headstart.errors import BackboneError
from headstart.process.packages import find_version
from headstart.storage.result_cache import fetch_result, keep_result, name_result

Precision = Literal["f32", "bf16", "int8"]
VECTOR_FLAGS = ("avx", "amx", "fma", "f16c", "asimd", "sve", "bf16", "i8mm")
ENGINE_RULES = 5  # counts up when the code of this room gives other features for the same pixels


def choose_precision(precision: str = "auto", *, is_quantised: bool = False) -> Precision:
    """Return the precision to compute in.

    Parameters
    ----------
    precision
        ``auto``, ``f32``, ``bf16`` or ``int8``. ``auto`` is bf16 if the processor has bf16 arithmetic, else f32.
    is_quantised
        Whether the network is quantised. Then the result is ``int8`` for ``auto``, ``f32`` and ``int8``: quantised
        layers compute in int8, the others in float32.

    Raises
    ------
    BackboneError
        If the precision is unknown, or the processor or the network cannot compute in it: int8 needs a quantised
        network, bf16 one that is not.
    """
    if is_quantised and precision in ("auto", "f32", "int8"):
        return "int8"
    if is_quantised and precision == "bf16":
        raise BackboneError(
            "Cannot compute in bf16: got a network that is quantised to int8 and has no other precision. "
            "Leave --precision out."
        )
    if precision == "int8":
        raise BackboneError(
            "Cannot compute in int8: got a network of floats, need one that is quantised on training photos. Make one "
            "with headstart train --precision int8, or hs.train(photos, precision='int8')."
        )
    if precision not in ("auto", "f32", "bf16"):
        raise BackboneError(f"Cannot compute in precision {precision!r}: need auto, f32 or bf16.")
    if precision == "f32":
        return "f32"
    has_bf16 = "BF16" in list_capabilities()
    if precision == "bf16" and not has_bf16:
        raise BackboneError(
            "Cannot compute in bf16: got a processor without bf16 arithmetic, need one with it. Use --precision f32."
        )
    return "bf16" if has_bf16 else "f32"


def describe_engine() -> str:
    """Return what decides the bits of a feature besides photo and network: versions, processor and environment."""
    capabilities = " ".join(list_capabilities())
    machine = f"{platform.machine()} {capabilities}, {_describe_instructions()}"
    return f"openvino {_read_version()}, rules {ENGINE_RULES}, {machine}"


@cache
def list_capabilities() -> tuple[str, ...]:
    """Return the types that OpenVINO can compute in on this processor, sorted, such as ``BF16``.

    They are kept on disk: a training whose features are all cached then needs no import of OpenVINO (0.1 to 0.3 s).
    """
    name = name_result("capabilities", _read_version(), _describe_instructions())
    kept = fetch_result(name)
    if kept is not None:
        return tuple(json.loads(kept))
    capabilities = sorted(get_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    keep_result(name, json.dumps(capabilities).encode())
    return tuple(capabilities)


def has_wide_vectors() -> bool:
    """Say whether the processor has vectors of 64 bytes (AVX-512), and the environment allows them.

    With them, OpenVINO sums in the same order for every size of the batch. Without them, the last bits of a photo's
    features depend on the number of photos in its batch.
    """
    flags = _describe_instructions().split()
    return "avx512f" in flags and not any(flag.upper() in ("AVX2", "AVX", "SSE41", "DEFAULT") for flag in flags[-2:])


@cache
def _read_version() -> str:
    return find_version("openvino", "openvino")


@cache
def _describe_instructions() -> str:
    """Return the vector instructions of the processor, and the variables that forbid some: both change sums."""
    limits = [os.environ.get(name, "") for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")]
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
        fields = {name.strip(): value for name, _, value in (line.partition(":") for line in text.splitlines())}
        flags = fields.get("flags", fields.get("Features", "")).split()
        found = sorted(flag for flag in flags if flag.startswith(VECTOR_FLAGS))
    except OSError:
        found = [platform.processor(), platform.node()]
    return " ".join([*found, *limits])
