"""Write TensorBoard's event files into the run folder, where ``tensorboard --logdir runs`` finds those of all runs.

The training and the validation curve are two TensorBoard runs with the same tags, so that one chart shows both.
"""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from headstart.runs.tracked_run import TrackedRun

FOLDER = "tensorboard"


def send_run(tracked: TrackedRun) -> str:
    """Write the event files of a run, replace earlier ones, and return a sentence that says where they are."""
    folder = tracked.folder / FOLDER
    partial = tracked.folder / f".{FOLDER}.partial-{os.getpid()}"
    try:
        _write_results(tracked, partial)
        for data in sorted({row.data for row in tracked.history}):
            _write_curves(tracked, data, partial / data.lower())
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    command = shlex.join(["tensorboard", "--logdir", str(tracked.folder.parent)])
    return f"Tracked for TensorBoard in '{folder}'. Look at it with (pip install tensorboard): {command}"


def _write_results(tracked: TrackedRun, folder: Path) -> None:
    from tensorboardX import SummaryWriter
    from tensorboardX.summary import hparams

    with SummaryWriter(str(folder)) as writer:
        writer.add_text("verdict", tracked.verdict)
        rows = [f"| {name} | {value} |" for name, value in {**tracked.parameters, **tracked.tags}.items()]
        writer.add_text("parameters", "\n".join(["| name | value |", "| --- | --- |", *rows]))
        for name, value in tracked.metrics.items():
            writer.add_scalar(name, value, 0)
        # not `add_hparams`, which starts a run of another name, nor `add_image`, which compresses the figures again
        for summary in (*hparams(tracked.parameters, tracked.metrics), _show_figures(tracked.folder / "figures")):
            writer.file_writer.add_summary(summary, 0)


def _show_figures(folder: Path) -> Any:
    from PIL import Image
    from tensorboardX.proto.summary_pb2 import Summary

    values = []
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            figure = Summary.Image(
                height=image.height, width=image.width, colorspace=len(image.getbands()),
                encoded_image_string=path.read_bytes(),
            )  # fmt: skip
        values.append(Summary.Value(tag=f"figures/{path.stem}", image=figure))
    return Summary(value=values)


def _write_curves(tracked: TrackedRun, data: str, folder: Path) -> None:
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for row in tracked.history:
            if row.data == data:
                writer.add_scalar("history/accuracy", row.accuracy, row.epoch)
                writer.add_scalar("history/loss", row.loss, row.epoch)
