"""``headstart train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.options import PLACE, json_option, overwrite_option
from headstart.cli.speech import print_json, print_line, say


@click.command(short_help="Train a classifier on labelled photos.")
@click.argument("data", type=PLACE)
@click.option("--out", type=PLACE, help="The run folder to write.  [default: runs/NAME]")
@click.option(
    "--method", type=click.Choice(["fixed"]), default="fixed", help="How much is trained; fixed: only the head."
)
@click.option("--backbone", default="mobilenet_v2", help="The pretrained network.")
@click.option(
    "--image-size",
    type=click.IntRange(min=1),
    help="Side of the network's input in pixels, 96 to 512.  [default: the backbone's, 224]",
)
@click.option(
    "--head", type=click.Choice(["logistic", "adam"]), default="logistic",
    help="logistic: converged and regularised; adam: the tutorial's recipe.",
)  # fmt: skip
@click.option("--strength", type=float, help="Inverse regularisation strength C.  [default: by cross-validation]")
@click.option("--epochs", type=click.IntRange(min=1), default=10, help="Of the adam head.")
@click.option(
    "--views", type=click.IntRange(1, 1000), default=1,
    help="Versions of each training photo: itself, and random flips and rotations.",
)  # fmt: skip
@click.option(
    "--class-weight", type=click.Choice(["auto", "balanced", "none"]), default="auto",
    help="auto: balanced where classes are of unequal size.",
)  # fmt: skip
@click.option(
    "--precision", type=click.Choice(["auto", "f32", "bf16", "int8"]), default="auto",
    help="auto: bf16 where the processor computes in it. int8: quantised on your photos; for many photos or a small "
    "classifier.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the split, the folds and the views.")
@click.option("--cache/--no-cache", default=True, help="Keep and reuse features in the user's cache.")
@overwrite_option
@json_option("Print metrics.json on stdout.")
@click.pass_context
def train(context: click.Context, /, data: Path, views: int, as_json: bool, **settings: Any) -> None:
    """Train a classifier on a folder of labelled photos and write a run folder with its report.

    DATA is a folder of labelled photos, or a CSV: path,label[,split][,group][,weight].
    """
    from headstart.training.train import train_classifier

    run = train_classifier(data, say=say, artist=context.obj, n_views=views, **settings)
    metrics = run.metrics
    if as_json:
        print_json(metrics | {"run": str(run.folder)})
        return
    seconds = metrics["seconds"]
    n_cached, n_extracted = metrics["n_cached"], metrics["n_extracted"]
    say(f"{n_extracted:,} photos extracted, {n_cached:,} read from the cache; {seconds['total']:.1f} s in all.")
    for note in metrics["notes"]:
        say(f"Note: {note}")
    if metrics["skipped"]:
        n_skipped, first = len(metrics["skipped"]), metrics["skipped"][0]
        files = "1 file" if n_skipped == 1 else f"{n_skipped:,} files"
        say(f"{files} left out, such as '{first['path']}': {first['reason']}. The report lists them.")
    print_line(f"Report:     {run.report}")
    print_line(f"Classifier: {run.folder / 'model.onnx'}")
