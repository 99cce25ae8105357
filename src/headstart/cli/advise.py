"""``headstart advise``."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.options import PLACE, json_option
from headstart.cli.speech import print_json, print_line, say


@click.command(short_help="Which method suits your photos, and why.")
@click.argument("data", type=PLACE)
@click.option("--backbone", default="mobilenet_v2", help="The pretrained network.")
@click.option("--image-size", type=click.IntRange(min=1), help="Side of the network's input in pixels.  [default: 224]")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the split and the folds.")
@click.option("--cache/--no-cache", default=True, help="Keep and reuse features in the user's cache.")
@click.option("--picture", type=PLACE, help="The picture to draw.  [default: runs/NAME-advice.png]")
@json_option()
def advise(
    data: Path, backbone: str, image_size: int | None, seed: int, cache: bool, picture: Path | None, as_json: bool
) -> None:
    """Measure how many photos there are and how like ImageNet's, and say which method to train with.

    DATA is a folder of labelled photos, or a CSV, as for train. Nothing is trained but heads on frozen features.
    """
    from headstart.evaluation.figure_file import draw_figure, save_png
    from headstart.evaluation.quadrant_figure import plot_quadrants
    from headstart.features.similarity import SIMILAR
    from headstart.training.advise import LARGE, advise_method

    advice = advise_method(data, backbone=backbone, image_size=image_size, seed=seed, cache=cache, say=say)
    place = picture or Path("runs", f"{data.expanduser().resolve().stem}-advice.png")
    place.parent.mkdir(parents=True, exist_ok=True)
    per_class = advice.evidence["photos_per_class"]
    figure = plot_quadrants({"your photos": (per_class, advice.similarity)}, large=LARGE, similar=SIMILAR)
    save_png(draw_figure(figure), place)
    if as_json:
        print_json(advice.to_dict() | {"picture": str(place)})
        return
    print_line(
        f"{advice.n_photos:,} training photos in {len(advice.n_per_class)} classes, {per_class:,.0f} of each on "
        f"average. Similarity to ImageNet: {advice.similarity:.2f} ({SIMILAR} and more is similar)."
    )
    curve = ", ".join(f"{row['accuracy']:.1%} with {row['n']:,}" for row in advice.evidence["learning_curve"])
    rising = "more photos would still help" if advice.evidence["is_still_rising"] else "more photos would help little"
    print_line(f"Frozen features, cross-validated: {curve}; {rising}.")
    options = f" --cut {advice.cut}" if advice.method == "hybrid" else ""
    if advice.method != "fixed" and advice.similarity < SIMILAR:  # its norms hold the statistics of other photos
        options += " --train-norms"
    print_line(f"\nAdvice: --method {advice.method}{options}")
    print_line(f"Why: {advice.why}.\n")
    print_line("method    expected accuracy           time here")
    for name, expected in advice.methods.items():
        low, high = expected.interval
        accuracy = f"{expected.expected_accuracy:.1%} ({low:.1%} to {high:.1%})"
        print_line(f"{name:<8}  {accuracy:<26}  {_write_time(expected.expected_seconds)}")
    print_line(f"\nPicture: {place}")


def _write_time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
