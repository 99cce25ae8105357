"""Connect to a Ray cluster: start one on this machine, or join a running one."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headstart.errors import ScaleError
from headstart.process.cores import count_cores
from headstart.process.packages import require_packages
from headstart.process.progress import print_above
from headstart.scale.ray_output import redirect_ray_output

LOCAL = "local"
REACH_TIMEOUT_S = 10.0
MAX_CPUS_PER_WORKER = 4  # with more, the threads of one Python process wait for each other
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # Ray's coming default; without it Ray warns
}


@dataclass(frozen=True)
class Cluster:
    """The resources of a Ray cluster.

    Attributes
    ----------
    n_workers
        Number of workers that fit on the cluster.
    cpus_per_worker
        Number of processors of each worker.
    n_machines
        Number of machines with processors.
    temporary_folders
        Folders to delete when the connection ends.
    """

    n_workers: int
    cpus_per_worker: int
    n_machines: int
    temporary_folders: list[Path] = field(default_factory=list, compare=False)

    def describe(self) -> str:
        """Return the resources in words.

        Examples
        --------
        >>> Cluster(1, 2, 1).describe(), Cluster(8, 4, 2).describe()
        ('1 worker of 2 cores on 1 machine', '8 workers of 4 cores on 2 machines')
        """
        counts = ((self.n_workers, "worker"), (self.cpus_per_worker, "core"), (self.n_machines, "machine"))
        workers, cores, machines = (f"{n:,} {name}{'' if n == 1 else 's'}" for n, name in counts)
        return f"{workers} of {cores} on {machines}"


@contextmanager
def connect(address: str, *, verbose: bool = False) -> Iterator[Cluster]:
    """Start Ray on this machine (``local``), or join the cluster at an address, until the block ends.

    If this program is connected to Ray already, that connection is used and kept.

    Parameters
    ----------
    verbose
        Print on stderr what is started, and the resources of the cluster.

    Raises
    ------
    ScaleError
        If the cluster cannot be joined.
    """
    require_packages(f"work on Ray ({address})", "ray", "ray")
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    say = print_above if verbose else lambda _: None
    with redirect_ray_output():
        import ray

        is_ours = not ray.is_initialized()
        if is_ours:
            say("Starting Ray on this machine ..." if address == LOCAL else f"Joining Ray at {address} ...")
            _start(address)
        try:
            cluster = measure_cluster()
            say(f"Ray: {cluster.describe()}.")
            try:
                yield cluster
            finally:
                for folder in cluster.temporary_folders:
                    shutil.rmtree(folder, ignore_errors=True)
        finally:
            if is_ours:
                ray.shutdown()


def _start(address: str) -> None:
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == LOCAL:
        options |= {"num_cpus": count_cores(), "include_dashboard": False}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        _check_reachable(address)
        ray.init(address=address, **options)
    except Exception as error:  # sockets, versions and addresses each raise their own kind
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
        raise ScaleError(
            f"Cannot join the Ray cluster at {address!r}: {reason}. Start one with 'ray start --head' and give its "
            "address, or give 'local' to start Ray on this machine."
        ) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)  # Ray has replaced them by its own


def _check_reachable(address: str) -> None:
    """Raise OSError if no server answers at an address with a port; Ray would wait for minutes."""
    match = re.fullmatch(r"(?:ray://)?([^:/]+):(\d+)", address)
    if match is not None:
        with socket.create_connection((match[1], int(match[2])), timeout=REACH_TIMEOUT_S):
            pass


@contextmanager
def use_quiet_data_context() -> Iterator[Any]:
    """Use settings of Ray Data that print nothing, until the block ends; then the program's settings return."""
    from ray.data import DataContext

    log = logging.getLogger("ray.data")
    before, level = DataContext.get_current(), log.level
    context = before.copy()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    log.setLevel(logging.CRITICAL)  # errors reach the user as exceptions
    DataContext._set_current(context)  # noqa: SLF001  Ray's own workers do the same
    try:
        yield context
    finally:
        DataContext._set_current(before)  # noqa: SLF001
        log.setLevel(level)


def measure_cluster() -> Cluster:
    """Count the workers that fit on the cluster; raise ScaleError if no machine offers a CPU.

    Each worker gets as many CPUs as the smallest machine with CPUs has, at most ``MAX_CPUS_PER_WORKER``.
    """
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    cpus = [int(resources.get("CPU", 0)) for resources in nodes]
    usable = [n for n in cpus if n > 0]
    if not usable:
        raise ScaleError(
            "Cannot work on the Ray cluster: got no machine that offers a CPU, need one. Start it with --num-cpus."
        )
    share = min(MAX_CPUS_PER_WORKER, *usable)
    return Cluster(sum(n // share for n in usable), share, len(usable))
