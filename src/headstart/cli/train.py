"""``headstart train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.options import (
    DURATION,
    METHOD,
    PLACE,
    SIZE_GB,
    TRACKER,
    backbone_option,
    image_size_option,
    json_option,
    overwrite_option,
    ray_option,
)
from headstart.cli.printing import print_json, print_line, say


@click.command(short_help="Train a classifier on labelled photos.")
@click.argument("data", type=PLACE, required=False, metavar="DATA")
@click.option("--out", type=PLACE, help="The run folder to write.  [default: runs/NAME]")
@click.option(
    "--method", type=METHOD, default="auto",
    help="How much is trained. fixed: only the head; hybrid: the stages above the cut, too; finetune: all; scratch: "
    "all, from random weights. auto: begins with fixed and goes on where it pays.",
)  # fmt: skip
@click.option("--budget", type=DURATION, default="10m", help="Time that --method auto may take, such as 90s or 1h.")
@click.option("--cut", help="Of hybrid: the last stage that stays frozen.  [default: the backbone's, block_12]")
@click.option("--list-cuts", is_flag=True, help="List the stages where the backbone can be cut, and stop.")
@backbone_option
@image_size_option
@click.option(
    "--head", type=click.Choice(["logistic", "adam"]), default="logistic",
    help="logistic: converged and regularised; adam: the tutorial's recipe.",
)  # fmt: skip
@click.option(
    "--features", type=click.Choice(["last", "all"]), default="last",
    help="Of fixed: the mean of the last stage, or of several stages side by side.",
)  # fmt: skip
@click.option("--strength", type=float, help="Inverse regularisation strength C.  [default: by cross-validation]")
@click.option(
    "--epochs", type=click.IntRange(min=1),
    help="Of the adam head and of training above a cut.  [default: 10, hybrid 16, finetune 8]",
)  # fmt: skip
@click.option("--learning-rate", type=float, help="Peak rate above a cut.  [default: the method's]")
@click.option(
    "--train-norms",
    is_flag=True,
    help="Train batch norms above a cut, too: for photos unlike ImageNet's. Any gain over the start is then kept.",
)
@click.option(
    "--views", type=click.IntRange(1, 1000),
    help="Versions of each training photo: itself, and random flips and rotations.  [default: 1, hybrid 2]",
)  # fmt: skip
@click.option(
    "--average-views", is_flag=True,
    help="Train on 2, 4 or 8 symmetric views, and average answers over them: more accurate on many photos without an "
    "upside, and as many times as slow.",
)  # fmt: skip
@click.option(
    "--class-weight", type=click.Choice(["auto", "balanced", "none"]), default="auto",
    help="auto: balanced where the largest class has more than 3 times the photos of the smallest, above a cut 1.5.",
)  # fmt: skip
@click.option(
    "--precision", type=click.Choice(["auto", "f32", "bf16", "int8"]), default="auto",
    help="auto: bf16 where the processor computes in it. int8: quantised on your photos; for many photos or a small "
    "classifier.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the split, the folds and the views.")
@click.option("--cache/--no-cache", default=True, help="Keep and reuse features in the user's cache.")
@click.option(
    "--cache-limit", "cache_limit_gb", type=SIZE_GB, default="10GB", help="Room on disk for activations below a cut."
)
@click.option(
    "--track", type=TRACKER,
    help="Tell a tracker of the run when it is done. mlflow: where MLFLOW_TRACKING_URI says, or mlflow.db here; "
    "tensorboard: event files in the run folder. Each is an extra.",
)  # fmt: skip
@ray_option
@overwrite_option
@json_option("Print metrics.json on stdout.")
@click.pass_context
def train(
    context: click.Context, /, data: Path | None, views: int | None, budget: float, list_cuts: bool, as_json: bool,
    **settings: Any,
) -> None:  # fmt: skip
    """Train a classifier on a folder of labelled photos and write a run folder with its report.

    DATA is a folder of labelled photos, a CSV or Parquet table (path,label[,split][,group][,weight]), tar shards, or
    what headstart embed wrote; here or in a store (s3://bucket/pets).
    """
    if list_cuts:
        _print_cuts(settings["backbone"], as_json)
        return
    if data is None:
        raise click.UsageError("Missing argument 'DATA'.")
    from headstart.training.train import train_classifier

    run = train_classifier(data, say=say, chart_drawer=context.obj, n_views=views, budget_s=budget, **settings)
    from headstart.evaluation.words import count_photos, format_seconds

    metrics = run.metrics
    if as_json:
        print_json(metrics | {"run": str(run.folder), "note_records": [note.to_record() for note in run.notes]})
        return
    n_cached, n_extracted = metrics["n_cached"], metrics["n_extracted"]
    took = format_seconds(metrics["seconds"]["total"])
    say(f"{count_photos(n_extracted)} extracted, {n_cached:,} read from the cache; {took} in all.")
    for note in metrics["notes"]:
        say(f"Note: {note}")
    if metrics["skipped"]:
        n_skipped, first = len(metrics["skipped"]), metrics["skipped"][0]
        files = "1 file" if n_skipped == 1 else f"{n_skipped:,} files"
        say(f"{files} left out, such as '{first['path']}': {first['reason']}. The report lists them.")
    print_line(f"Report:     {run.report}")
    print_line(f"Classifier: {run.folder / 'model.onnx'}")


def _print_cuts(name: str, as_json: bool) -> None:
    """Print the stages where a backbone can be cut, from the input on."""
    from headstart.backbone.loading import load_backbone
    from headstart.backbone.spec import PIXELS_CUT

    spec = load_backbone(name).spec
    if as_json:
        cuts = [{"cut": stage.name, "channels": stage.n_channels, "stride": stage.stride} for stage in spec.stages]
        print_json({"backbone": name, "default": spec.default_cut, "cuts": cuts})
        return
    print_line(f"{PIXELS_CUT:<10}  nothing is frozen: --method finetune or scratch")
    for stage in spec.stages:
        side = -(-spec.image_size // stage.stride)
        hints = {spec.default_cut: "  the default of --method hybrid", spec.stages[-1].name: "  --method fixed"}
        print_line(f"{stage.name:<10}  {side} x {side} x {stage.n_channels}{hints.get(stage.name, '')}")
