"""Whether this machine has an NVIDIA GPU that this process may use, found in microseconds and without an import."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Linux, Linux inside Windows (WSL), Windows: files that the driver brings. macOS has had no driver since 2019.
DRIVER_FILES = ("/proc/driver/nvidia/version", "/usr/lib/wsl/lib/libcuda.so.1", r"C:\Windows\System32\nvcuda.dll")


def has_nvidia_driver() -> bool:
    """Say whether a driver for NVIDIA GPUs is loaded or, on Windows, installed."""
    files = DRIVER_FILES[2:] if sys.platform == "win32" else DRIVER_FILES[:2]
    return any(Path(file).exists() for file in files)


def may_use_nvidia_gpu() -> bool:
    """Say whether there is a driver, and ``CUDA_VISIBLE_DEVICES`` does not hide every GPU.

    CUDA uses the devices listed before the first number that is not valid: an empty text or ``-1`` hides all.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    is_hidden = visible is not None and visible.strip().partition(",")[0].strip() in ("", "-1")
    return not is_hidden and has_nvidia_driver()
