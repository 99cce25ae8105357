"""``headstart train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from headstart.cli.speech import print_json, print_line, say


def train(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="A folder of labelled photos, or a CSV: path,label[,split][,group].")],
    out: Annotated[Path | None, typer.Option(help="The run folder to write. [default: runs/NAME]")] = None,
    method: Annotated[Literal["fixed"], typer.Option(help="How much is trained; fixed: only the head.")] = "fixed",
    backbone: Annotated[str, typer.Option(help="The pretrained network.")] = "mobilenet_v2",
    image_size: Annotated[
        int | None, typer.Option(min=1, help="Side of the network's input in pixels. [default: the backbone's, 224]")
    ] = None,
    head: Annotated[
        Literal["logistic", "adam"],
        typer.Option(help="logistic: converged and regularised; adam: the tutorial's recipe."),
    ] = "logistic",
    strength: Annotated[
        float | None, typer.Option(help="Inverse regularisation strength C. [default: by cross-validation]")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of the adam head.")] = 10,
    views: Annotated[
        int, typer.Option(min=1, help="Versions of each training photo: itself, and random flips and rotations.")
    ] = 1,
    class_weight: Annotated[
        Literal["auto", "balanced", "none"], typer.Option(help="auto: balanced where classes are of unequal size.")
    ] = "auto",
    precision: Annotated[
        Literal["auto", "f32", "bf16", "int8"],
        typer.Option(
            help="auto: bf16 where the processor computes in it. int8: quantised on your photos; for many photos or a "
            "small classifier."
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Of the split, the folds and the views.")] = 0,
    cache: Annotated[bool, typer.Option(help="Keep and reuse features in the user's cache.")] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run folder if it exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print metrics.json on stdout.")] = False,
) -> None:
    """Train a classifier on a folder of labelled photos and write a run folder with its report."""
    from headstart.training.train import train_classifier

    run = train_classifier(
        data, out=out, overwrite=overwrite, cache=cache, say=say, artist=context.obj, method=method,
        backbone=backbone, image_size=image_size, head=head, strength=strength, epochs=epochs, n_views=views,
        class_weight=class_weight, precision=precision, seed=seed,
    )  # fmt: skip
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
        say(f"{n_skipped} files left out, such as '{first['path']}': {first['reason']}. The report lists them.")
    print_line(f"Report:     {run.report}")
    print_line(f"Classifier: {run.folder / 'model.onnx'}")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(train)
