"""``headstart suggest``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from headstart.cli.options import PATH, backbone_option, depth_option, image_size_option, json_option
from headstart.cli.printing import print_json, print_line, say, say_left_out, say_note
from headstart.process.terminal_text import escape_name

if TYPE_CHECKING:
    from headstart.inspection.suggestions import Suggestions

OF_RUN = ("backbone", "image_size", "depth")  # options that a run decides


@click.command(short_help="Suggest which photos to label next.")
@click.argument("places", nargs=-1, type=PATH, required=True, metavar="[RUN] PHOTOS")
@click.option("--n", type=click.IntRange(min=1), default=50, metavar="N", help="Number of photos to suggest.")
@click.option(
    "--labelled", type=PATH, multiple=True, metavar="DATA",
    help="Folder or CSV of photos that have labels, such as the filled-in CSV of an earlier suggestion. They are not "
    "suggested again. May be given several times.",
)  # fmt: skip
@click.option(
    "--out", type=PATH, metavar="FILE.csv",
    help="CSV to write; the page is written beside it.  [default: runs/NAME-suggested.csv]",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace the CSV and the page if they exist, with the labels in them.")
@backbone_option
@image_size_option
@depth_option
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Seed of the clusters of alike photos.")
@click.option("--cache/--no-cache", default=True, help="Read and write features in the user's cache.")
@click.option(
    "--path-column", metavar="NAME", help="Column of a CSV that has the photo's path.  [default: found by its name]"
)
@json_option()
@click.pass_context
def suggest(
    context: click.Context, /, places: tuple[Path, ...], out: Path | None, overwrite: bool, as_json: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Suggest which photos to label next, each with a reason.

    PHOTOS is a folder of photos, nested or flat, or a CSV of paths. RUN is the run that was trained on the photos with
    labels, or a classifier file. Without RUN, and with fewer than 20 labels, typical photos are suggested; later those
    of which the classifier is least sure. Near copies are never suggested twice.

    The CSV has the columns path, label, guess and reason. Fill in the labels, and give it to headstart train. A page
    beside it shows the photos.
    """
    from headstart.inspection.run_knowledge import find_run
    from headstart.inspection.suggest import suggest_photos
    from headstart.inspection.suggestion_files import choose_csv, refuse_inside, write_files
    from headstart.process.progress import show_progress
    from headstart.runs.run_folder import name_source

    if len(places) > 2:
        raise click.UsageError(f"Got {len(places)} paths, need PHOTOS, or RUN and PHOTOS.")
    photos, run = places[-1], places[0] if len(places) > 1 else None
    path = choose_csv(name_source(str(photos if run is None else find_run(run))), out, overwrite=overwrite)
    refuse_inside(path, str(photos))
    if run is not None:
        _note_unused(context)
    found = suggest_photos(photos, run=run, **options)
    with show_progress("Making the page", unit="thumbnails") as progress:
        found = write_files(found, path, overwrite=overwrite, depth=options["depth"], progress=progress)
    _print(found, as_json=as_json)


def _note_unused(context: click.Context) -> None:
    """Note the options that have no effect because the run decides them."""
    from headstart.evaluation.notes import note_unused

    for name in OF_RUN:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            say_note(note_unused(f"--{name.replace('_', '-')}", "the run decides it"))


def _print(found: Suggestions, *, as_json: bool) -> None:
    if as_json:
        print_json(found.to_dict())
        return
    from headstart.inspection.suggestion_files import summarise

    for note in found.notes:
        say_note(note)
    say_left_out([{"path": str(skip.path), "reason": skip.reason} for skip in found.skipped], "--json")
    for sentence in summarise(found):
        say(sentence)
    for line in found.list_lines():
        print_line(line)
    print_line(f"\nTo fill in: {escape_name(str(found.csv))}")
    print_line(f"Page:       {escape_name(str(found.page))}")
    print_line(f"Then:       {escape_name(found.write_command())}")
