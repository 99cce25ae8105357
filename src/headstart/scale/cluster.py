"""A Ray cluster to work on: one of its own on this machine, or one that runs already."""

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
from headstart.scale.ray_output import keep_quiet

LOCAL = "local"
ANSWER_S = 10.0
MOST_CPUS = 4  # of one worker: in one Python process more threads than twice that wait for each other
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what it will do some day, about which it warns until then
}


@dataclass(frozen=True)
class Cluster:
    """What there is to work with.

    Attributes
    ----------
    n_workers, cpus_per_worker
        Of workers that share out its processors, a few each.
    n_nodes
        Machines.
    temporary_folders
        Folders that are deleted when the connection ends.
    """

    n_workers: int
    cpus_per_worker: int
    n_nodes: int
    temporary_folders: list[Path] = field(default_factory=list, compare=False)

    def describe(self) -> str:
        """Return it in words.

        Examples
        --------
        >>> Cluster(1, 2, 1).describe(), Cluster(8, 4, 2).describe()
        ('1 worker of 2 cores on 1 machine', '8 workers of 4 cores on 2 machines')
        """
        counts = ((self.n_workers, "worker"), (self.cpus_per_worker, "core"), (self.n_nodes, "machine"))
        workers, cores, machines = (f"{n:,} {name}{'' if n == 1 else 's'}" for n, name in counts)
        return f"{workers} of {cores} on {machines}"


def check_ray(what: str) -> None:
    """Raise MissingExtraError unless Ray is installed."""
    require_packages(what, "ray", "ray")


@contextmanager
def connect(address: str, *, verbose: bool = False) -> Iterator[Cluster]:
    """Start a Ray of its own on this machine, with ``local``, or join the cluster at an address, until the block ends.

    If this program is connected to Ray already, that is used and kept.

    Parameters
    ----------
    verbose
        Say on stderr what takes a while, and who works.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    ScaleError
        If there is no cluster at the address.
    """
    check_ray(f"work on Ray ({address})")
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    say = print_above if verbose else lambda _: None
    with keep_quiet():
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
    except Exception as error:  # of sockets, versions and addresses, each of its own kind
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
        raise ScaleError(
            f"Cannot join the Ray cluster at {address!r}: {reason}. Start one with 'ray start --head', and give its "
            "address, or 'local' for a Ray of its own on this machine."
        ) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)  # which Ray has put its own in place of


def _check_reachable(address: str) -> None:
    """Raise OSError if nobody answers at an address with a port: Ray would wait for minutes."""
    match = re.fullmatch(r"(?:ray://)?([^:/]+):(\d+)", address)
    if match is not None:
        with socket.create_connection((match[1], int(match[2])), timeout=ANSWER_S):
            pass


@contextmanager
def use_own_context() -> Iterator[Any]:
    """Give Ray Data settings of our own in the block, quiet ones; the program's own are there again afterwards."""
    from ray.data import DataContext

    log = logging.getLogger("ray.data")
    before, level = DataContext.get_current(), log.level
    context = before.copy()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    log.setLevel(logging.CRITICAL)  # what ends the work is an exception, too
    DataContext._set_current(context)  # noqa: SLF001  what its own workers do
    try:
        yield context
    finally:
        DataContext._set_current(before)  # noqa: SLF001
        log.setLevel(level)


def measure_cluster() -> Cluster:
    """Return how the processors of the cluster are shared out: to workers that fit on every machine of it."""
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    cpus = [int(resources.get("CPU", 0)) for resources in nodes]
    usable = [n for n in cpus if n > 0]
    if not usable:
        raise ScaleError("Cannot work on the Ray cluster: none of its machines offers a CPU. Start it with --num-cpus.")
    share = min(MOST_CPUS, *usable)
    return Cluster(sum(n // share for n in usable), share, len(usable))
