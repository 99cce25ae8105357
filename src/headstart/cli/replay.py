"""``headstart replay``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from headstart.cli.options import PATH, json_option
from headstart.cli.printing import print_json, print_line, say
from headstart.process.terminal_text import escape_name

N_SHOWN = 10  # photos or figures in a list; --json has all
BITS = {
    "features": "Features", "head": "Head", "model": "Classifier file", "probabilities": "Probabilities",
    "metrics": "Metrics",
}  # fmt: skip


@click.command(short_help="Train a run again and compare the results.")
@click.argument("run", type=PATH)
@click.option(
    "--photos",
    type=PATH,
    help="Folder, table or tar shards with the photos, under any names.  [default: the folder where they lay]",
)
@click.option("--out", type=PATH, help="Run folder to write.  [default: the new run is compared and deleted]")
@click.option("--partial", is_flag=True, help="Train without the photos that are missing or changed.")
@click.option("--cache/--no-cache", default=True, help="Read and write features in the user's cache.")
@json_option()
@click.pass_context
def replay(
    context: click.Context, /, run: Path, photos: Path | None, out: Path | None, partial: bool, cache: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Train a run again with the photos, splits and settings that its folder records, and compare the results.

    RUN is a run folder. Photos are found by their content: first where they lay, then in --photos.

    The exit status is 0 if every photo was found and gets the same answer as before, and the classifier file was not
    changed since, else 1.
    """
    from headstart.training.replay import replay_run

    result = replay_run(run, photos=photos, out=out, partial=partial, cache=cache, say=say, chart_drawer=context.obj)
    if as_json:
        print_json(result)
    else:
        _print_photos(result)
        if result["comparison"] is None:
            say("Nothing was trained. Give the folder of these photos with --photos, or leave them out with --partial.")
        else:
            _print_comparison(result)
    if not (result["is_equal"] and result["is_file_kept"]):
        context.exit(1)


def _print_photos(result: Mapping[str, Any]) -> None:
    """Say which photos were not found, and whether the classifier file was changed."""
    n_lost = len(result["missing"]) + len(result["changed"])
    print_line(f"Found {result['n_photos'] - n_lost:,} of {result['n_photos']:,} photos by their content.")
    if not result["is_file_kept"]:
        path = escape_name(str(Path(result["run"], "model.onnx")))
        print_line(f"'{path}' is damaged, or another file than this run wrote.")
    for reason in ("changed", "missing"):
        _print_names(f"{len(result[reason]):,} {reason}:", result[reason])


def _print_names(title: str, names: Sequence[str]) -> None:
    if not names:
        return
    print_line(title)
    for name in names[:N_SHOWN]:
        print_line(f"  {escape_name(name)}")
    if len(names) > N_SHOWN:
        print_line(f"  and {len(names) - N_SHOWN:,} more")


def _print_comparison(result: Mapping[str, Any]) -> None:
    from headstart.runs.replay_words import describe_conditions, describe_outcome

    comparison = result["comparison"]
    print_line("")
    for name, title in BITS.items():
        print_line(f"{title:<16}  {'same bits' if comparison['same_bits'][name] else 'other bits'}")
    is_whole = not (result["missing"] or result["changed"])
    figures = comparison["metrics"] if is_whole else {}  # of other photos, nearly all figures differ
    for name, (before, after) in list(figures.items())[:N_SHOWN]:
        print_line(f"  {name}: {before} before, {after} now")
    if len(figures) > N_SHOWN:
        print_line(f"  and {len(figures) - N_SHOWN:,} more figures")
    other = comparison["other_answers"]
    _print_names(
        f"Another answer (before, after): {len(other):,} of {comparison['n_compared']:,} photos.",
        [f"{row['path']}  {row['before']}  {row['after']}" for row in other],
    )
    for line in describe_conditions(comparison):
        print_line(line)
    print_line(f"\n{describe_outcome(result)}")
    if result["out"] is not None:
        print_line(f"Run: {result['out']}")
