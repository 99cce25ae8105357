"""Runs in MLflow's local store, read back by its client."""

import json
import socket
import sqlite3
import subprocess
import sys

import pytest

import headstart as hs
from headstart.process.packages import is_installed

NEEDED = ("mlflow", "sqlalchemy", "alembic")
pytestmark = pytest.mark.skipif(not all(map(is_installed, NEEDED)), reason="needs the extra mlflow: make test-track")


@pytest.fixture
def track(trained, tmp_path):
    """Track a run by MLflow as a script would: in its own process and folder, with warnings as errors."""

    def track(before="", /, **variables):
        code = f"{before}\nimport headstart as hs\nprint(hs.Run({str(trained.folder)!r}).track('mlflow'))"
        return subprocess.run(
            [sys.executable, "-W", "error::UserWarning:headstart", "-c", code], cwd=tmp_path, capture_output=True,
            text=True, timeout=120, env=_clean_environment() | variables,
        )  # fmt: skip

    return track


def _clean_environment():
    import os

    return {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}


def open_client(folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_LOGGING_LEVEL", "WARNING")
    import mlflow

    return mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow uses
def test_parameters_metrics_and_files_are_in_the_local_store(trained, track, tmp_path, monkeypatch):
    done = track()
    assert done.stderr == ""
    assert done.stdout == (
        f"Tracked by MLflow: run 'patterns' of experiment 'Default' at sqlite:///{tmp_path / 'mlflow.db'}\n"
    )
    client = open_client(tmp_path, monkeypatch)
    (logged,) = client.search_runs(["0"])
    assert (logged.info.run_name, logged.info.status) == ("patterns", "FINISHED")
    wanted = {"method": "fixed", "cut": "top", "backbone": "mobilenet_v2", "image_size": "96", "seed": "0"}
    assert wanted.items() <= logged.data.params.items()
    test = trained.metrics["test"]
    assert logged.data.metrics["test/accuracy"] == test["accuracy"]
    assert logged.data.metrics["test/accuracy_low"] == test["accuracy_ci95"][0]
    for data, rows in trained.history.groupby("Data"):
        points = client.get_metric_history(logged.info.run_id, f"history/{data.lower()}_loss")
        assert {point.step: point.value for point in points} == dict(zip(rows["Epoch"], rows["Loss"], strict=True))
    assert logged.data.tags["headstart.version"] == hs.__version__
    assert logged.data.tags["mlflow.note.content"] == trained.verdict
    artifacts = tmp_path / "mlruns" / "0" / logged.info.run_id / "artifacts"
    for path in (path for path in trained.folder.rglob("*") if path.is_file()):
        assert (artifacts / path.relative_to(trained.folder)).read_bytes() == path.read_bytes()


def read_store(folder, query):
    connection = sqlite3.connect(folder / "mlflow.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_user_s_experiment_and_active_run_are_respected(track, tmp_path):
    assert "of experiment 'patterns of today'" in track(MLFLOW_EXPERIMENT_NAME="patterns of today").stdout
    assert (
        track("import mlflow; mlflow.set_experiment('mine'); mlflow.start_run(run_name='whole study')").returncode == 0
    )
    names = "select r.name, e.name from runs r join experiments e using (experiment_id) order by r.start_time"
    assert read_store(tmp_path, names) == [
        ("patterns", "patterns of today"),
        ("whole study", "mine"),
        ("patterns", "mine"),
    ]
    parents = "select count(*) from tags where key = 'mlflow.parentRunId'"
    assert read_store(tmp_path, parents) == [(1,)]


def test_the_error_of_a_server_that_is_down_comes_soon_and_hides_its_password(trained, track):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    done = track(MLFLOW_TRACKING_URI=f"http://me:secret@127.0.0.1:{port}")
    message = done.stderr.splitlines()[-1]
    assert f"Cannot track run '{trained.folder}' by mlflow: " in message
    assert f"127.0.0.1:{port}" in message
    assert "secret" not in message


def test_the_command_line_keeps_stdout_for_results(trained, headstart, tmp_path):
    done = headstart(
        "train", trained.folder / "catalog.csv", "--method", "fixed", "--image-size", 96, "--track", "mlflow", "--json",
        "--out", tmp_path / "run", cwd=tmp_path, env=_clean_environment(),
    )  # fmt: skip
    assert json.loads(done.stdout)["method"] == "fixed"
    assert "Tracked by MLflow: run 'run' of experiment 'Default'" in done.stderr
    done = headstart("track", tmp_path / "run", "--to", "mlflow", cwd=tmp_path, env=_clean_environment())
    assert done.stdout.startswith("Tracked by MLflow")
    assert read_store(tmp_path, "select count(*) from runs") == [(2,)]
