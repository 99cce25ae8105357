"""``headstart demo``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from headstart.cli.options import METHOD, PATH, json_option, overwrite_option
from headstart.cli.printing import print_json, print_line, say, say_note


@click.command(short_help="Train on photos of solar cells: a first look.")
@click.option("--out", type=PATH, help="Run folder to write.  [default: runs/solar-cells]")
@click.option("--method", type=METHOD, default="fixed", help="Method, as for train; all but fixed take minutes.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the 75/25 split.")
@overwrite_option
@json_option("Print metrics.json on stdout.")
@click.pass_context
def demo(context: click.Context, /, out: Path | None, method: str, seed: int, overwrite: bool, as_json: bool) -> None:
    """Train on 2,624 photos of functional and defective solar cells, and compare with published accuracies."""
    from headstart.training.demo import PUBLISHED, write_demo_catalog
    from headstart.training.train import train_classifier

    with tempfile.TemporaryDirectory() as folder:
        catalog = Path(folder, "solar-cells.csv")
        write_demo_catalog(catalog, seed)
        say("Solar cells: 2,624 photos, functional or defective; three quarters to train on, one quarter to test.")
        run = train_classifier(
            catalog,
            out=out,
            overwrite=overwrite,
            say=say,
            chart_drawer=context.obj,
            seed=seed,
            method=method,
            command=["headstart", *sys.argv[1:]],
        )
    from headstart.evaluation.words import format_seconds

    metrics = run.metrics
    if as_json:
        print_json(metrics | {"run": str(run.folder), "published": PUBLISHED})
        return
    for note in run.notes:
        if note.severity == "warning":
            say_note(note)
    test = metrics["test"]
    low, high = test["accuracy_ci95"]
    name = f"Headstart, {metrics['method']}"
    width = max(len(text) for text in (name, *PUBLISHED))
    print_line(f"\nTest accuracy on {test['n']:,} solar cells")
    print_line(f"  {name:<{width}}  {test['accuracy']:.2%}  (95% interval {low:.2%} to {high:.2%})")
    for text, accuracy in PUBLISHED.items():
        print_line(f"  {text:<{width}}  {accuracy:.2%}  (Deitsch et al. 2019)")
    print_line(f"{format_seconds(metrics['seconds']['total'])} from photos to report.\n\nReport: {run.report}")
