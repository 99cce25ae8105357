"""MLflow: one run of its own, with the whole run folder as artifacts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from headstart.runs.tracked_run import TrackedRun, hide_password

# nothing goes over the network but to the user's own server, and stdout is for results
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "GIT_PYTHON_REFRESH": "quiet",
}
# whether a server is there is known after seconds, but by default MLflow tries for four minutes
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
_N_METRICS, _N_PARAMETERS = 1000, 100  # that a server takes at once


def send_run(tracked: TrackedRun) -> str:
    """Log a run to MLflow, and say where it is; if the caller has an active run, that becomes its parent."""
    with _set_defaults(_QUIET):
        import mlflow
        from mlflow.entities import Metric, Param

        with _set_defaults(_IMPATIENT):
            begun = mlflow.start_run(
                run_name=tracked.name, nested=mlflow.active_run() is not None, tags=tracked.tags,
                description=tracked.verdict,
            )  # fmt: skip
        client, run_id, now = mlflow.MlflowClient(), begun.info.run_id, round(time.time() * 1000)
        with begun:
            metrics = [Metric(name, value, now, step) for name, value, step in _list_values(tracked)]
            params = [Param(name, str(value)) for name, value in tracked.parameters.items()]
            for start in range(0, len(metrics), _N_METRICS):
                client.log_batch(run_id, metrics=metrics[start : start + _N_METRICS])
            for start in range(0, len(params), _N_PARAMETERS):
                client.log_batch(run_id, params=params[start : start + _N_PARAMETERS])
            mlflow.log_artifacts(str(tracked.folder))
        experiment = client.get_experiment(begun.info.experiment_id).name
        server = hide_password(mlflow.get_tracking_uri())
    return f"Tracked by MLflow: run '{tracked.name}' of experiment '{experiment}' at {server}"


def _list_values(tracked: TrackedRun) -> Iterator[tuple[str, float, int]]:
    """Give what came of it at step 0, and the curves at their epochs."""
    for name, value in tracked.metrics.items():
        yield name, value, 0
    for row in tracked.history:
        yield f"history/{row.data.lower()}_accuracy", row.accuracy, row.epoch
        yield f"history/{row.data.lower()}_loss", row.loss, row.epoch


@contextmanager
def _set_defaults(defaults: dict[str, str]) -> Iterator[None]:
    """Set environment variables that the user has not set, for as long as the block runs."""
    ours = {name: value for name, value in defaults.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
