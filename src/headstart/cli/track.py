"""``headstart track``."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.options import PATH, TRACKER
from headstart.cli.printing import print_line


@click.command(short_help="Send a run to a tracker such as MLflow.")
@click.argument("run", type=PATH)
@click.option("--to", "tracker", type=TRACKER, required=True, help="Tracker; each needs the extra of its name.")
def track(run: Path, tracker: str) -> None:
    """Send a run to a tracker: parameters, metrics, curves, figures, and all files in the case of MLflow.

    RUN is a run folder. mlflow: the run is sent to MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME, by default to
    mlflow.db and mlruns in the current folder. tensorboard: event files in the run folder.
    """
    from headstart.runs.run import Run

    print_line(Run(run).track(tracker))
