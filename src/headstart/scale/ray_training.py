"""Train above a cut on a Ray cluster: the same task, carried out by a team of workers."""

from __future__ import annotations

import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from headstart.errors import FitError, HeadstartError
from headstart.process.interrupts import listen_for_ctrl_c
from headstart.process.progress import Progress, ignore_progress
from headstart.scale.cluster import LOCAL, connect
from headstart.storage.local_files import find_cache_folder
from headstart.tune.task import TuningTask
from headstart.tune.torch_import import list_thread_settings

if TYPE_CHECKING:
    from headstart.tune.result import TuningResult

FOLDER = "ray-train"  # in the cache: where Ray Train keeps its own notes of a run
EVERY_S = 0.2  # between two looks at the post
MAX_FAILURES = 3  # so often the team begins again when it has lost a worker
MAX_WAITS = 10  # minutes, which is how long Ray Train waits at once, for a cluster whose cores are all taken
# computing activations may take long, and lost workers are noticed by Ray, not by their silence
TIMEOUT_S = 7 * 24 * 3600
ENVIRONMENT = {"RAY_TRAIN_V2_ENABLED": "1", "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5"}


@dataclass(frozen=True)
class Workers:
    """Who trains above a cut.

    Attributes
    ----------
    address
        Of the Ray cluster; ``local`` is this machine alone.
    n_workers
        How many share each step. Default: one on each machine of the cluster.
    """

    address: str
    n_workers: int | None = None

    @property
    def is_here(self) -> bool:
        """Whether all workers are on this machine."""
        return self.address == LOCAL


@dataclass(frozen=True)
class _Layout:
    """How many workers there are, and what each of them has."""

    n_workers: int
    n_cores: int
    has_gpu: bool


def fit_on_ray(
    task: TuningTask,
    workers: Workers,
    *,
    progress: Progress = ignore_progress,
    say: Callable[[str], None] = lambda _: None,
) -> TuningResult:
    """Train above a cut by workers that share out each step among them; see `headstart.tune.tail_fitting.fit_tail`.

    One worker on the same number of cores gives the same bits as no Ray. Several give the same up to rounding, but for
    batch norms that are trained: each worker's see its own rows.

    Each worker reads, or computes, the activations where it is. A worker that dies is replaced up to three times; the
    team goes on from the last epoch where the first worker finds its checkpoint in its cache, else from the start.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    HeadstartError
        What a worker raises, such as FitError.
    FitError
        If workers are lost again and again.
    """
    with connect(workers.address):
        import ray

        from headstart.scale.messages import Post

        layout = _lay_out(workers)
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        remote: Any = ray.remote
        make_post = remote(num_cpus=0, scheduling_strategy=here)(Post)  # where no other machine takes it along
        post = make_post.remote()
        job = {"task": ray.put(_make_absolute(task)), "post": post, "n_cores": layout.n_cores}
        try:
            with _open_folder() as folder:
                _run(_make_trainer(job, workers, layout, folder), post, progress, say)
            return cast("TuningResult", ray.get(post.collect.remote()))
        finally:
            ray.kill(post)


def _lay_out(workers: Workers) -> _Layout:
    """Share the machines of the cluster among the workers."""
    ray: Any = import_module("ray")
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    n_workers = workers.n_workers or max(1, len(machines))
    n_cores = min((int(machine["CPU"]) for machine in machines), default=1)
    n_beside = -(-n_workers // max(1, len(machines)))  # on one machine
    if n_workers < 1 or n_beside > n_cores:
        raise FitError(
            f"Cannot train on Ray: got {n_workers} workers, need 1 to {n_cores * len(machines)} for {len(machines)} "
            f"machines of {n_cores} cores. Give fewer workers."
        )
    n_gpus = sum(int(machine.get("GPU", 0)) for machine in machines)
    return _Layout(n_workers, n_cores // n_beside, n_gpus >= n_workers)


def _make_absolute(task: TuningTask) -> TuningTask:
    """Return the task with paths that do not depend on the working folder: workers have another."""

    def resolve(photo: Any) -> Any:
        return photo if "://" in photo.file else replace(photo, file=os.path.abspath(photo.file))  # noqa: PTH100

    return replace(task, photos=[resolve(photo) for photo in task.photos])


@contextmanager
def _open_folder() -> Iterator[Path]:
    """Give a name in a folder for what Ray Train writes, none of which is needed afterwards."""
    folder = find_cache_folder() / FOLDER / uuid.uuid4().hex
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_trainer(job: dict[str, Any], workers: Workers, layout: _Layout, folder: Path) -> Any:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    train: Any = import_module("ray.train")  # what it says of its types is of an earlier version of itself
    torch: Any = import_module("ray.train.torch")
    from headstart.scale.final_errors import StopOnOwnErrors
    from headstart.scale.training_worker import train_in_team

    variables = list_thread_settings()
    if "HEADSTART_CACHE" in os.environ:
        variables["HEADSTART_CACHE"] = os.environ["HEADSTART_CACHE"]
    if workers.is_here:  # a Ray that was started here has this process's variables already
        variables = {name: value for name, value in variables.items() if name not in os.environ}
    return torch.TorchTrainer(
        train_in_team,
        train_loop_config=job,
        torch_config=torch.TorchConfig(timeout_s=TIMEOUT_S),
        scaling_config=train.ScalingConfig(
            num_workers=layout.n_workers, use_gpu=layout.has_gpu, placement_strategy="SPREAD",
            resources_per_worker={"CPU": layout.n_cores} | ({"GPU": 1} if layout.has_gpu else {}),
        ),
        run_config=train.RunConfig(
            name=folder.name, storage_path=str(folder.parent), callbacks=[StopOnOwnErrors()],
            failure_config=train.FailureConfig(max_failures=MAX_FAILURES, controller_failure_limit=MAX_WAITS),
            worker_runtime_env={"env_vars": variables},
        ),
    )  # fmt: skip


def _run(trainer: Any, post: Any, progress: Progress, say: Callable[[str], None]) -> None:
    """Run a trainer to its end, passing on what comes by post, and Ctrl-C the other way.

    Raises
    ------
    HeadstartError
        See `fit_on_ray`.
    """
    import ray

    errors: list[BaseException] = []

    def fit() -> None:
        try:
            trainer.fit()
        except BaseException as error:
            errors.append(error)

    # in a thread of its own Ray leaves Ctrl-C alone, which is to end training, not to break it off
    thread = threading.Thread(target=fit, name="headstart-ray", daemon=True)
    with listen_for_ctrl_c() as is_stopped:
        thread.start()
        is_running = True
        while is_running:
            thread.join(EVERY_S)
            is_running = thread.is_alive()  # asked first, so that the last letters are fetched
            letters = ray.get(post.fetch.remote(is_stopped()))
            for line in letters.lines:
                say(line)
            if letters.progress is not None:
                progress(*letters.progress)
    if errors:
        raise _explain(errors[0]) from None


def _explain(error: BaseException) -> BaseException:
    """Return what Ray Train raised as an error for the user: our own, if it was one that ended it."""
    own = getattr(error, "controller_failure", None)
    if isinstance(own, HeadstartError):
        return own
    failures = getattr(error, "worker_failures", {}) or {0: own or error}
    reason = str(next(iter(failures.values()))).strip().splitlines() or [type(error).__name__]
    return FitError(
        f"Cannot train on Ray: its workers failed ({reason[0].rstrip('.')}). Look into the logs of Ray, or train "
        "without --ray."
    )
