"""Send a run to MLflow, with the run folder as artifacts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from headstart.runs.tracked_run import TrackedRun
from headstart.storage.remote_paths import hide_password

# no telemetry, no output on stdout, which is for results
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "GIT_PYTHON_REFRESH": "quiet",
}
# by default MLflow tries for four minutes to reach a server that is down
_FEW_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
_N_METRICS, _N_PARAMETERS = 1000, 100  # limits of a server for one request


def send_run(tracked: TrackedRun) -> str:
    """Log a run to MLflow, and return a sentence that says where; an active run of the caller becomes its parent."""
    with _set_defaults(_QUIET):
        import mlflow
        from mlflow.entities import Metric, Param

        with _set_defaults(_FEW_RETRIES):
            started = mlflow.start_run(
                run_name=tracked.name, nested=mlflow.active_run() is not None, tags=tracked.tags,
                description=tracked.verdict,
            )  # fmt: skip
        client, run_id, now = mlflow.MlflowClient(), started.info.run_id, round(time.time() * 1000)
        with started:
            metrics = [Metric(name, value, now, step) for name, value, step in _list_values(tracked)]
            params = [Param(name, str(value)) for name, value in tracked.parameters.items()]
            for start in range(0, len(metrics), _N_METRICS):
                client.log_batch(run_id, metrics=metrics[start : start + _N_METRICS])
            for start in range(0, len(params), _N_PARAMETERS):
                client.log_batch(run_id, params=params[start : start + _N_PARAMETERS])
            mlflow.log_artifacts(str(tracked.folder))
        experiment = client.get_experiment(started.info.experiment_id).name
        server = hide_password(mlflow.get_tracking_uri())
    return f"Tracked by MLflow: run '{tracked.name}' of experiment '{experiment}' at {server}"


def _list_values(tracked: TrackedRun) -> Iterator[tuple[str, float, int]]:
    """Yield (name, value, step): the metrics at step 0, the training curves at their epochs."""
    for name, value in tracked.metrics.items():
        yield name, value, 0
    for row in tracked.history:
        yield f"history/{row.data.lower()}_accuracy", row.accuracy, row.epoch
        yield f"history/{row.data.lower()}_loss", row.loss, row.epoch


@contextmanager
def _set_defaults(defaults: dict[str, str]) -> Iterator[None]:
    """Set environment variables that the user has not set, during the block."""
    ours = {name: value for name, value in defaults.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
