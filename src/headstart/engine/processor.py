"""What this machine's processor is, and what the engine can compute in on it."""

from __future__ import annotations

import json
import os
import platform
from functools import cache
from pathlib import Path
from typing import Literal

from headstart.engine.openvino_import import open_core
from headstart.errors import BackboneError
from headstart.process.packages import find_version
from headstart.storage.result_cache import fetch_result, keep_result, name_result

Precision = Literal["auto", "f32", "bf16"]
Arithmetic = Literal["f32", "bf16", "int8"]
VECTOR_FLAGS = ("avx", "amx", "fma", "f16c", "asimd", "sve", "bf16", "i8mm")
ENGINE_RULES = 2  # counts up when this room's code gives other features for the same pixels


def choose_precision(precision: str = "auto", *, is_quantised: bool = False) -> Arithmetic:
    """Return the arithmetic to use: bf16 where the processor computes in it, unless ``precision`` says otherwise.

    Parameters
    ----------
    is_quantised
        Of a network that is quantised: it computes in int8 (and what is not quantised of it in float32), and neither
        ``auto`` nor ``f32`` changes a bit of that.

    Raises
    ------
    BackboneError
        If ``precision`` is none of auto, f32 and bf16, or bf16 on a processor without it; int8 of a network that is
        not quantised, or bf16 of one that is.
    """
    if is_quantised and precision in ("auto", "f32", "int8"):
        return "int8"
    if is_quantised and precision == "bf16":
        raise BackboneError(
            "Cannot compute in bf16: got a network that is quantised to int8 and computes in nothing else. "
            "Leave --precision out."
        )
    if precision == "int8":
        raise BackboneError(
            "Cannot compute in int8: got a network of floats, need one that was quantised on training photos. Make one "
            "with headstart train --precision int8, or hs.train(photos, precision='int8')."
        )
    if precision not in ("auto", "f32", "bf16"):
        raise BackboneError(f"Cannot compute in precision {precision!r}: need auto, f32 or bf16.")
    if precision == "f32":
        return "f32"
    has_bf16 = "BF16" in list_capabilities()
    if precision == "bf16" and not has_bf16:
        raise BackboneError("Cannot compute in bf16: this processor has no bf16 arithmetic. Use --precision f32.")
    return "bf16" if has_bf16 else "f32"


def describe_engine() -> str:
    """Return what decides a feature's bits in OpenVINO: its version, ours, and what the processor can compute in."""
    able = " ".join(list_capabilities())
    return f"openvino {_read_version()}, rules {ENGINE_RULES}, {platform.machine()} {able}, {_describe_arithmetic()}"


@cache
def list_capabilities() -> tuple[str, ...]:
    """Return what OpenVINO can compute in here, sorted, such as ``BF16``; remembered for each machine.

    A training whose features are all cached need not load OpenVINO (0.1 to 0.3 s) to know which ones they are.
    """
    name = name_result("capabilities", _read_version(), _describe_arithmetic())
    kept = fetch_result(name)
    if kept is not None:
        return tuple(json.loads(kept))
    found = sorted(open_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    keep_result(name, json.dumps(found).encode())
    return tuple(found)


def has_wide_vectors() -> bool:
    """Say whether this processor computes on 64 bytes at a time (AVX-512), and may.

    There OpenVINO sums in the same order whatever the size of the batch; on others it does not, and the last bits of a
    photo's features depend on how many photos are computed beside it.
    """
    flags = _describe_arithmetic().split()
    return "avx512f" in flags and not any(flag.upper() in ("AVX2", "AVX", "SSE41", "DEFAULT") for flag in flags[-2:])


@cache
def _read_version() -> str:
    return find_version("openvino", "openvino")


@cache
def _describe_arithmetic() -> str:
    """Return a text that differs where sums may: the vector instructions, and what tells the engine to avoid some."""
    told = [os.environ.get(name, "") for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")]
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
        fields = {name.strip(): value for name, _, value in (line.partition(":") for line in text.splitlines())}
        flags = fields.get("flags", fields.get("Features", "")).split()
        able = sorted(flag for flag in flags if flag.startswith(VECTOR_FLAGS))
    except OSError:
        able = [platform.processor(), platform.node()]
    return " ".join([*able, *told])
