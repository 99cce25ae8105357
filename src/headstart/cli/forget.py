"""``headstart forget``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from headstart.cli.options import PATH, json_option
from headstart.cli.printing import print_json, print_line, say


@click.command(short_help="Remove photos from the cache, and name the runs that hold them.")
@click.argument("photos", type=PATH, nargs=-1, metavar="PHOTO...")
@click.option(
    "--list", "lists", type=PATH, multiple=True, metavar="FILE",
    help="Text file with a path or a digest on each line, or CSV with a column path or digest. May be given several "
    "times.",
)  # fmt: skip
@click.option(
    "--runs",
    type=PATH,
    multiple=True,
    metavar="FOLDER",
    help="Folder in which runs and audits are searched. May be given several times.  [default: runs and audits]",
)
@click.option(
    "--out", type=PATH, metavar="FILE",
    help="Statement to write, .json or .txt.  [default: headstart-forget-TIME.json]",
)  # fmt: skip
@json_option("Print the statement as one JSON object on stdout.")
def forget(
    photos: tuple[Path, ...], lists: tuple[Path, ...], runs: tuple[Path, ...], out: Path | None, as_json: bool
) -> None:
    """Remove everything of photos from the cache: features, thumbnails, measures, activations, paths and digests.

    PHOTO is a photo file, a folder of photos, or the SHA-256 of a photo in hex. A file that is gone is found by its
    path if the cache or a run knows it. The photo files, runs and audits are not changed: the command says which of
    them hold the photos, and how to train without them. What was removed is written into a statement.
    """
    if not photos and not lists:
        raise click.UsageError("Give at least one PHOTO, or a --list of them.")
    from headstart.errors import CacheError
    from headstart.training.forget import forget_photos
    from headstart.training.forget_remedy import find_remedies
    from headstart.training.statement_file import choose_statement

    statement = out or choose_statement(time.strftime("%Y%m%d-%H%M%S"))
    forgotten = forget_photos(photos, lists=lists, runs=runs or None, out=statement)
    try:
        if as_json:
            print_json(forgotten.to_dict())
        else:
            for line in forgotten.describe(statement):
                print_line(line)
    finally:  # also if the reader of the output, such as head, is gone
        say(f"Statement: {statement}")
    if not forgotten.is_complete:
        remedies = find_remedies(forgotten.problems)
        raise CacheError(
            f"Not everything was removed: {'; '.join(forgotten.first_problems)}. {remedies}, and run the same command "
            "again with another --out."
        )
