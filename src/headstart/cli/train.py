"""``headstart train``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from headstart.cli.growth_rows import print_growth
from headstart.cli.options import (
    DURATION,
    FRACTION,
    METHOD,
    PATH,
    SHARE,
    SIZE_GB,
    TRACKER,
    column_options,
    depth_option,
    group_from_option,
    image_size_option,
    json_option,
    layout_option,
    overwrite_option,
    ray_option,
    trained_backbone_option,
)
from headstart.cli.printing import print_json, print_line, say, say_left_out, say_note

SETTINGS = {"views": "n_views", "budget": "budget_s"}  # settings that are another word on the command line


@click.command(short_help="Train a classifier on labelled photos.")
@click.argument("data", type=PATH, nargs=-1, metavar="DATA...")
@click.option(
    "--add", type=PATH, multiple=True, metavar="PATH",
    help="DATA is a run: train it again with these photos added, a folder or a table as for DATA. Its photos keep "
    "their splits, and options that are not given are those of the run. Can be given several times.",
)  # fmt: skip
@click.option(
    "--forget", type=PATH, multiple=True, metavar="LIST",
    help="DATA is a run: train it again without these photos. A text file with a path or a SHA-256 on each line, a CSV "
    "with a column path or digest, the path of a photo, or a SHA-256. Can be given several times.",
)  # fmt: skip
@click.option("--out", type=PATH, help="Run folder to write.  [default: runs/NAME]")
@click.option(
    "--method", type=METHOD, default="auto",
    help="How much of the network is trained. fixed: only the head. hybrid: the stages above the cut and the head. "
    "finetune: all stages. scratch: all stages, from random weights. auto: starts with fixed, and trains more of the "
    "network, or puts another beside it, if that is likely to help.",
)  # fmt: skip
@click.option(
    "--budget",
    type=DURATION,
    default="10m",
    help="Time limit of --method auto, such as 90s or 1h. auto starts only trainings that should end by then.",
)
@click.option("--cut", help="Last frozen stage of --method hybrid.  [default: the backbone's, block_12]")
@click.option("--list-cuts", is_flag=True, help="List the stages where the backbone can be cut, and exit.")
@trained_backbone_option
@image_size_option
@depth_option
@click.option(
    "--head", type=click.Choice(["auto", "logistic", "logistic+ridge", "adam"]), default="auto",
    help="Training of the head. logistic: regularised logistic regression, to convergence. logistic+ridge: the mean of "
    "that and of ridge regression, on the principal components. adam: as in the Keras tutorial. auto: chosen with the "
    "features.",
)  # fmt: skip
@click.option(
    "--features", type=click.Choice(["auto", "last", "all", "wide"]), default="auto",
    help="Features of --method fixed. last: the means of the last stage. all: the means of several stages, joined. "
    "wide: these and the means inside blocks. auto: chosen by cross-validation.",
)  # fmt: skip
@click.option("--strength", type=float, help="Inverse regularisation strength C.  [default: by cross-validation]")
@click.option(
    "--fit-on", type=click.Choice(["train", "train+validation", "all"]),
    help="Photos that the logistic head of the classifier file is fitted to. train+validation: the head is fitted to "
    "the training photos and judged on the validation photos, then fitted again to both. all: at last also to the test "
    "photos; the test accuracy is that of the head before.  [default: train+validation]",
)  # fmt: skip
@click.option(
    "--epochs", type=click.IntRange(min=1),
    help="Epochs of the adam head and of training above a cut.  [default: 10, hybrid and finetune 8; more for few "
    "photos]",
)  # fmt: skip
@click.option("--learning-rate", type=float, help="Peak learning rate above a cut.  [default: the method's]")
@click.option(
    "--train-norms", is_flag=True,
    help="Also train the batch normalisation above a cut, for photos unlike ImageNet's. Any gain is then kept.",
)  # fmt: skip
@click.option(
    "--views", type=click.IntRange(1, 1000),
    help="Versions of each training photo: itself, and random flips and rotations.  [default: 1, hybrid 2]",
)  # fmt: skip
@click.option(
    "--average-views", is_flag=True,
    help="Average the scores over 2, 4 or 8 mirrored and turned views, and train on them (above a cut, on two of them "
    "for each photo). More accurate if photos have no fixed top; prediction is 2, 4 or 8 times slower.",
)  # fmt: skip
@click.option(
    "--class-weight", type=click.Choice(["auto", "balanced", "none"]), default="auto",
    help="Weights of the classes. auto: balanced if the largest class has more than 3 times the photos of the smallest "
    "(above a cut: more than 5 times, and the square roots of balanced weights).",
)  # fmt: skip
@click.option(
    "--precision", type=click.Choice(["auto", "f32", "bf16", "int8"]), default="auto",
    help="Precision of the frozen part. auto: bf16 if the processor computes in it. int8: quantised on your photos, "
    "for many photos or a small classifier.",
)  # fmt: skip
@click.option(
    "--near-copies", type=click.Choice(["together", "ignore"]), default="together",
    help="Search for near copies: the same picture saved again, resized, mirrored or slightly cropped. together: "
    "keep them in one split if it is drawn at random. ignore: do not search.",
)  # fmt: skip
@layout_option
@click.option(
    "--find", type=FRACTION, metavar="SHARE",
    help="Share to find of the photos of a class, such as 98%; --of names the class. Chooses the threshold of the "
    "class, by photos that the head was not fitted to. The classifier file keeps the threshold.",
)  # fmt: skip
@click.option("--of", metavar="CLASS", help="Class of which --find gives the share to find.")
@click.option(
    "--cost", multiple=True, metavar="TRUE:ANSWER=COST",
    help="Cost of a mistake, such as defective:functional=20; any other mistake costs 1. The answer is then the class "
    "of the lowest expected cost. Can be given several times.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of split, folds and augmented views.")
@click.option(
    "--test-share", type=SHARE, metavar="PERCENT",
    help="Share of all photos that become test photos, such as 20%, in whole percent. Refused if the photos have "
    "splits.  [default: 15%]",
)  # fmt: skip
@click.option(
    "--validation-share", type=SHARE, metavar="PERCENT",
    help="Share of all photos that become validation photos, such as 10%, or 0%. Refused if the photos have splits.  "
    "[default: 15%]",
)  # fmt: skip
@click.option(
    "--repeats", type=click.IntRange(1, 1000), default=1,
    help="Number of splits to draw and train on. The first is the run; the others show how much its accuracy depends "
    "on the split.",
)  # fmt: skip
@click.option("--cache/--no-cache", default=True, help="Read and write features in the user's cache.")
@click.option(
    "--cache-limit", "cache_limit_gb", type=SIZE_GB, default="10GB", help="Maximum size of the activations on disk."
)  # fmt: skip
@click.option(
    "--track", type=TRACKER,
    help="Tracker that receives the run at its end. mlflow: at MLFLOW_TRACKING_URI, or mlflow.db here. tensorboard: "
    "event files in the run folder. Each needs the extra of its name.",
)  # fmt: skip
@column_options
@group_from_option
@ray_option
@overwrite_option
@json_option("Print metrics.json on stdout.")
@click.pass_context
def train(
    context: click.Context, /, data: tuple[Path, ...], add: tuple[Path, ...], forget: tuple[Path, ...],
    list_cuts: bool, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Train a classifier on a folder of labelled photos and write a run folder with its report.

    DATA is a folder of labelled photos, a CSV or Parquet table (path,label[,split][,group][,weight]), tar shards, or
    the output of headstart embed; on this machine or in a store (s3://bucket/pets). Usual other names of the columns,
    such as filename and class, are known. Several, such as pets/ more.csv, are joined, and a photo in two of them
    counts once.

    With --add and --forget, DATA is a run folder: it is trained again with more or fewer photos, and the report says
    what that changed.

    Photos that cannot be read are left out and listed. The exit status is then 0, unlike that of predict.
    """
    if list_cuts:
        _print_cuts(options["backbone"], options["image_size"], as_json)
        return
    if not data:
        raise click.UsageError("Missing argument 'DATA'.")
    from headstart.training.train import train_classifier

    command = ["headstart", *sys.argv[1:]]
    if add or forget:  # other settings are those of the run
        options = {name: value for name, value in options.items() if _is_given(context, name)}
    run = train_classifier(
        list(data), add=list(add) or None, forget=list(forget) or None, say=say, chart_drawer=context.obj,
        command=command, **{SETTINGS.get(name, name): value for name, value in options.items()},
    )  # fmt: skip
    from headstart.evaluation.words import count_photos, describe_classes, format_seconds

    metrics = run.metrics
    if as_json:
        print_json(metrics | {"run": str(run.folder), "note_records": [note.to_record() for note in run.notes]})
        return
    n_cached, n_extracted = metrics["n_cached"], metrics["n_extracted"]
    took = format_seconds(metrics["seconds"]["total"])
    say(f"{count_photos(n_extracted)} extracted, {n_cached:,} read from the cache; {took} in all.")
    say(f"Classes: {describe_classes(_count_classes(metrics))}.")
    for note in metrics["notes"]:
        say_note(note)
    say_left_out(metrics["skipped"], "The report")
    if "growth" in metrics:
        print_growth(metrics["growth"], run.folder)
    print_line(f"Report:     {run.report}")
    print_line(f"Classifier: {run.folder / 'model.onnx'}")


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


def _count_classes(metrics: Mapping[str, Any]) -> Counter[str]:
    """Return the number of photos of each class in all splits, to show a folder that is no class."""
    counts = Counter(dict.fromkeys(metrics["classes"], 0))
    for split in ("train", "validation", "test"):
        for label, row in (metrics[split] or {}).get("per_class", {}).items():
            counts[label] += row["support"]
    return counts


def _print_cuts(name: str, image_size: int | str | None, as_json: bool) -> None:
    """Print the stages where a backbone can be cut, from the input to the output, with their sizes."""
    from headstart.backbone.loading import open_setup
    from headstart.backbone.spec import PIXELS_CUT
    from headstart.methods.settings import Settings
    from headstart.methods.tail_tuning import check_one_network

    name = Settings(backbone=name).first_backbone
    setup = open_setup(name, image_size)
    check_one_network("list cuts", setup.spec)
    spec = setup.spec
    if as_json:
        cuts = [{"cut": stage.name, "channels": stage.n_channels, "stride": stage.stride} for stage in spec.stages]
        print_json({"backbone": name, "default": spec.default_cut, "cuts": cuts})
        return
    print_line(f"{PIXELS_CUT:<10}  nothing is frozen: --method finetune or scratch")
    for stage, side in zip(spec.stages, spec.list_sides(setup.image_size), strict=True):
        hints = {spec.default_cut: "  the default of --method hybrid", spec.stages[-1].name: "  --method fixed"}
        print_line(f"{stage.name:<10}  {side} x {side} x {stage.n_channels}{hints.get(stage.name, '')}")
