"""``headstart track``."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.options import PLACE, TRACKER
from headstart.cli.printing import print_line


@click.command(short_help="Tell a tracker, such as MLflow, of a run.")
@click.argument("run", type=PLACE)
@click.option("--to", "tracker", type=TRACKER, required=True, help="The tracker; each is an extra of its own.")
def track(run: Path, tracker: str) -> None:
    """Tell a tracker of a run: parameters, metrics, curves, figures, and for MLflow all files.

    RUN is a run folder. mlflow: goes where MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME say, by default into
    mlflow.db and mlruns here. tensorboard: event files in the run folder.
    """
    from headstart.runs.run import Run

    print_line(Run(run).track(tracker))
