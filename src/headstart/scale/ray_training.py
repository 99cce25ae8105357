"""Train above a cut on a Ray cluster: several workers train on one task, as one process would."""

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

FOLDER = "ray-train"  # in the cache: files of Ray Train
TAKE_MESSAGES_EVERY_S = 0.2
MAX_FAILURES = 3  # restarts after workers died
MAX_WAITS = 10  # for free cores; Ray Train waits a minute each time
# long, because computing activations takes long; Ray itself notices dead workers
TIMEOUT_S = 7 * 24 * 3600
ENVIRONMENT = {"RAY_TRAIN_V2_ENABLED": "1", "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5"}


@dataclass(frozen=True)
class RayWorkers:
    """The workers that train above a cut.

    Attributes
    ----------
    address
        Address of the Ray cluster. ``local``: this machine alone.
    n_workers
        Number of workers that share each step. Default: one on each machine of the cluster.
    """

    address: str
    n_workers: int | None = None

    @property
    def is_local(self) -> bool:
        """Whether all workers are on this machine."""
        return self.address == LOCAL

    def describe(self) -> str:
        """Return the text that stands for the workers in a checkpoint's name; another text would lose checkpoints."""
        return f"Workers(address={self.address!r}, n_workers={self.n_workers!r})"


@dataclass(frozen=True)
class _WorkerResources:
    """The number of workers, and the cores and GPU of each."""

    n_workers: int
    n_cores: int
    has_gpu: bool


def fit_on_ray(
    task: TuningTask, workers: RayWorkers, *, progress: Progress = ignore_progress,
    say: Callable[[str], None] = lambda _: None,
) -> TuningResult:  # fmt: skip
    """Train above a cut by workers that share each step; see `headstart.tune.tail_fitting.fit_tail`.

    One worker with the same number of cores gives the same bits as a training without Ray. Several workers give the
    same up to rounding, except for batch norms that are trained: those of each worker see only its own rows.

    Each worker reads or computes the activations on its machine. If a worker dies, all workers start again, up to three
    times: from the checkpoint, if the first worker finds it in its cache, else from the first epoch.

    Raises
    ------
    HeadstartError
        If a worker raises one.
    FitError
        If workers die more than three times.
    """
    with connect(workers.address):
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        from headstart.scale.message_actor import MessageActor

        resources = _divide_resources(workers)
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
        remote: Any = ray.remote
        # on this machine, so that the actor survives the death of any other
        messages = remote(num_cpus=0, scheduling_strategy=here)(MessageActor).remote()
        job = {"task": ray.put(_make_absolute(task)), "messages": messages, "n_cores": resources.n_cores}
        try:
            with _use_temporary_folder() as folder:
                _run_trainer(_make_trainer(job, workers, resources, folder), messages, progress, say)
            return cast("TuningResult", ray.get(messages.get_result.remote()))
        finally:
            ray.kill(messages)


def _divide_resources(workers: RayWorkers) -> _WorkerResources:
    """Divide the cores and GPUs of the cluster among the workers."""
    ray: Any = import_module("ray")
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    n_workers = workers.n_workers or max(1, len(machines))
    n_cores = min((int(machine["CPU"]) for machine in machines), default=1)
    n_per_machine = -(-n_workers // max(1, len(machines)))
    if n_workers < 1 or n_per_machine > n_cores:
        raise FitError(
            f"Cannot train on Ray: got {n_workers} workers, need 1 to {n_cores * len(machines)} for {len(machines)} "
            f"machines of {n_cores} cores. Give fewer workers."
        )
    n_gpus = sum(int(machine.get("GPU", 0)) for machine in machines)
    return _WorkerResources(n_workers, n_cores // n_per_machine, n_gpus >= n_workers)


def _make_absolute(task: TuningTask) -> TuningTask:
    """Return the task with absolute paths of photos: workers have another working folder."""

    def resolve(photo: Any) -> Any:
        return photo if "://" in photo.file else replace(photo, file=os.path.abspath(photo.file))  # noqa: PTH100

    return replace(task, photos=[resolve(photo) for photo in task.photos])


@contextmanager
def _use_temporary_folder() -> Iterator[Path]:
    """Give the path of a folder for the files of Ray Train, and delete the folder at the end of the block."""
    folder = find_cache_folder() / FOLDER / uuid.uuid4().hex
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _list_worker_variables(workers: RayWorkers) -> dict[str, str]:
    """Return the environment variables of a worker. On this machine a worker finds the cache by itself."""
    variables = list_thread_settings()
    if not workers.is_local and "HEADSTART_CACHE" in os.environ:
        variables["HEADSTART_CACHE"] = os.environ["HEADSTART_CACHE"]
    return variables


def _make_trainer(job: dict[str, Any], workers: RayWorkers, resources: _WorkerResources, folder: Path) -> Any:
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    train: Any = import_module("ray.train")  # `Any`: its type hints are those of an earlier version
    torch: Any = import_module("ray.train.torch")
    from headstart.scale.training_failures import StopOnOwnErrors
    from headstart.scale.training_worker import run_training_worker

    variables = _list_worker_variables(workers)
    return torch.TorchTrainer(
        run_training_worker,
        train_loop_config=job,
        torch_config=torch.TorchConfig(timeout_s=TIMEOUT_S),
        scaling_config=train.ScalingConfig(
            num_workers=resources.n_workers, use_gpu=resources.has_gpu, placement_strategy="SPREAD",
            resources_per_worker={"CPU": resources.n_cores} | ({"GPU": 1} if resources.has_gpu else {}),
        ),
        run_config=train.RunConfig(
            name=folder.name, storage_path=str(folder.parent), callbacks=[StopOnOwnErrors()],
            failure_config=train.FailureConfig(max_failures=MAX_FAILURES, controller_failure_limit=MAX_WAITS),
            worker_runtime_env={"env_vars": variables},
        ),
    )  # fmt: skip


def _run_trainer(trainer: Any, messages: Any, progress: Progress, say: Callable[[str], None]) -> None:
    """Run a trainer to its end. Messages of the worker are passed to the user, and Ctrl-C is passed to the worker."""
    import ray

    errors: list[BaseException] = []

    def fit() -> None:
        try:
            trainer.fit()
        except BaseException as error:
            errors.append(error)

    # in a thread, because Ray would otherwise handle Ctrl-C itself, and break the training off instead of ending it
    thread = threading.Thread(target=fit, name="headstart-ray", daemon=True)
    with listen_for_ctrl_c() as is_stopping:
        thread.start()
        is_running = True
        while is_running:
            thread.join(TAKE_MESSAGES_EVERY_S)
            is_running = thread.is_alive()  # before the messages are taken, so that the last ones are not lost
            taken = ray.get(messages.take_messages.remote(is_stopping()))
            for line in taken.lines:
                say(line)
            if taken.progress is not None:
                progress(*taken.progress)
    if errors:
        raise _make_user_error(errors[0]) from None


def _make_user_error(error: BaseException) -> BaseException:
    """Return the HeadstartError that ended the training, or else a FitError with the reason that Ray Train gives."""
    own = getattr(error, "controller_failure", None)
    if isinstance(own, HeadstartError):
        return own
    failures = getattr(error, "worker_failures", {}) or {0: own or error}
    reason = str(next(iter(failures.values()))).strip().splitlines() or [type(error).__name__]
    return FitError(
        f"Cannot train on Ray: got a failure of its workers ({reason[0].rstrip('.')}). Read the logs of Ray, or "
        "train without --ray."
    )
