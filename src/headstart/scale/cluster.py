"""The door to a Ray cluster: one of this machine alone, or one that runs elsewhere."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from headstart.cores import count_cores
from headstart.errors import MissingExtraError
from headstart.installed import is_installed

LOCAL = "local"
# Ray sends nobody anything, and leaves a GPU visible to what asks for none
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def check_ray(purpose: str) -> None:
    """Raise MissingExtraError if Ray is not installed.

    Parameters
    ----------
    purpose
        What cannot be done then, such as ``"train on Ray"``.
    """
    if not is_installed("ray"):
        raise MissingExtraError(
            f"Cannot {purpose}: got no package 'ray', need it. Install it with: pip install 'headstart[ray]'"
        )


@contextmanager
def connect(address: str) -> Iterator[None]:
    """Be connected to a Ray cluster in the block; a connection that is there already is used, and stays.

    Parameters
    ----------
    address
        ``local`` starts a Ray of its own on this machine's cores, which ends with the block.
    """
    check_ray("connect to a Ray cluster")
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield
        return
    if address == LOCAL:
        ray.init(num_cpus=count_cores(), include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    else:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()
