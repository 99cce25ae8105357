"""The program of the second process reads one line, answers with one line, and exits without a job."""

import json
import subprocess
import sys

from headstart.evaluation.metrics import evaluate_probabilities

COMMAND = [sys.executable, "-m", "headstart.report.chart_worker"]


def test_a_job_is_drawn_and_answered(tmp_path):
    metrics = evaluate_probabilities([0, 1], [[0.8, 0.2], [0.4, 0.6]], ["a", "b"])
    job = {"history": [["Training", 1, 0.5, 0.7]], "metrics": metrics, "folder": str(tmp_path)}
    done = subprocess.run(COMMAND, input=json.dumps(job) + "\n", capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert sorted(answer) == sorted(path.stem for path in tmp_path.glob("*.png"))
    assert all(uri.startswith("data:image/png;base64,") and width > 0 for uri, width, _ in answer.values())


def test_the_worker_exits_without_a_job():
    done = subprocess.run(COMMAND, input="", capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_job_that_cannot_be_drawn_is_a_failure(tmp_path):
    done = subprocess.run(COMMAND, input="{}\n", capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert done.stdout == ""
