"""The command that installs an extra which needs torch, in the build that suits this machine."""

from __future__ import annotations

import platform

from headstart.process.nvidia import has_nvidia_driver
from headstart.process.packages import is_installed, name_install_command

CPU_BUILD_GB, CUDA_BUILD_GB = 0.9, 5.5  # of disk, beside the core (the README has both sizes with the core)


def name_torch_command(extra: str = "tune") -> tuple[str, str]:
    """Return the command that installs an extra with torch, and which build it installs, or an empty text.

    Wheels of torch on PyPI for Windows and macOS are CPU builds; those for Linux need CUDA's libraries. For Linux
    without an NVIDIA GPU the command uses uv, because an option of uv names PyTorch's CPU builds without an address.
    """
    stock = name_install_command(extra)
    if is_installed("torch") or platform.system() != "Linux":
        return stock, ""
    if has_nvidia_driver():
        return stock, f"with torch for GPUs, {CUDA_BUILD_GB} GB"
    # as a module, uv installs into the environment of its Python, active or not
    command = stock.replace("pip install", "python -m uv pip install --torch-backend=cpu")
    return f"pip install uv && {command}", f"with torch's CPU build, {CPU_BUILD_GB} GB"
