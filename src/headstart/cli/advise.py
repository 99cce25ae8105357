"""``headstart advise``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from headstart.cli.options import (
    PATH,
    advised_group_option,
    backbone_option,
    column_options,
    depth_option,
    json_option,
    layout_option,
)
from headstart.cli.picture_check import check_writable
from headstart.cli.printing import print_json, print_line, say, say_left_out
from headstart.process.terminal_text import escape_name


@click.command(short_help="Recommend a method for your photos, with reasons.")
@click.argument("data", type=PATH, nargs=-1, required=True, metavar="DATA...")
@backbone_option
@click.option("--image-size", type=int, help="Side of the network's input in pixels, 96 to 512.  [default: 224]")
@layout_option
@depth_option
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the split and the folds.")
@click.option("--cache/--no-cache", default=True, help="Read and write features in the user's cache.")
@click.option(
    "--picture",
    type=PATH,
    help="PNG file for the figure; that of the forecast is put beside it.  [default: runs/NAME-advice.png]",
)
@column_options
@advised_group_option
@json_option()
def advise(data: tuple[Path, ...], picture: Path | None, as_json: bool, **options: Any) -> None:
    """Recommend a method by the number of photos and by their similarity to ImageNet's.

    DATA is a folder of labelled photos, or a CSV, or several of these, as for train. Only heads on frozen features are
    trained.
    """
    from headstart.evaluation.forecast_words import write_forecast
    from headstart.evaluation.words import format_seconds
    from headstart.features.similarity import SIMILAR
    from headstart.report.figure_file import draw_figure, save_png
    from headstart.report.forecast_figure import plot_forecast
    from headstart.report.quadrant_figure import plot_quadrants
    from headstart.runs.run_folder import check_outside
    from headstart.training.advise import advise_method
    from headstart.training.expectations import LARGE
    from headstart.tune.torch_import import can_tune

    path = picture.expanduser() if picture is not None else _choose_path(data)
    for source in data:
        check_outside(path, str(source), what="figure", option="--picture")
    with check_writable(path):
        advice = advise_method(list(data), say=say, **options)
        per_class = advice.evidence["photos_per_class"]
        points = {f"your photos: {advice.method}": (per_class, advice.similarity)}
        save_png(draw_figure(plot_quadrants(points, large=LARGE, similar=SIMILAR)), path)
        forecast, pictures = advice.evidence["forecast"], [path]
        if forecast.get("curve"):
            pictures.append(path.with_name(f"{path.stem}-forecast.png"))
            save_png(draw_figure(plot_forecast(forecast)), pictures[1])
    if as_json:
        print_json(advice.to_dict() | {"picture": str(path), "pictures": list(map(str, pictures))})
        return
    similarity = math.floor(100 * advice.similarity + 1e-9) / 100  # rounded down: 0.649 would read as the limit
    print_line(
        f"{advice.n_photos:,} training photos in {len(advice.n_per_class)} classes, {per_class:,.0f} of each on "
        f"average. Similarity to ImageNet: {similarity:.2f} (similar from {SIMILAR} on)."
    )
    if forecast["reason"]:  # else the forecast begins with the accuracy on all photos
        print_line(
            f"A head on frozen features is right on {advice.evidence['cross_validated_accuracy']:.1%} of "
            f"{advice.evidence['photos_judged']:,} training photos, in cross-validation."
        )
    print_line(" ".join(write_forecast(forecast)))
    advised = f" --cut {advice.cut}" if advice.method == "hybrid" else ""
    if advice.train_norms:
        advised += " --train-norms"
    print_line(f"\nAdvice: --method {advice.method}{advised}")
    print_line(f"Why: {advice.why}.")
    for note in advice.notes:
        print_line(f"Note: {escape_name(str(note))}")
    say_left_out(advice.skipped, "--json")
    print_line("\nmethod    expected accuracy           time here")
    for name, expected in advice.methods.items():
        low, high = expected.interval
        accuracy = f"{expected.expected_accuracy:.1%} ({low:.1%} to {high:.1%})"
        print_line(f"{name:<8}  {accuracy:<26}  {format_seconds(expected.expected_seconds, is_estimate=True)}")
    times = "were measured here in a few steps" if can_tune() else "are estimates from the speed of the engine here"
    print_line(
        "\nThe accuracy of fixed was measured on the training photos, in cross-validation. The others are estimates "
        f"from other data sets, so their intervals are wide. Times {times}."
    )
    print_line(f"\nPicture{'s' * (len(pictures) > 1)}: {', '.join(map(str, pictures))}")


def _choose_path(data: tuple[Path, ...]) -> Path:
    """Return the default path of the figure, beside the default run folder of the same photos."""
    from headstart.runs.run_folder import choose_folder, name_source

    names = list(map(str, data))
    source = names[0] if len(names) == 1 else names
    return choose_folder(source).with_name(f"{name_source(source)}-advice.png")
