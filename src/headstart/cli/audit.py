"""``headstart audit``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from headstart.cli.options import (
    PATH,
    backbone_option,
    column_options,
    depth_option,
    image_size_option,
    json_option,
    layout_option,
)
from headstart.cli.printing import print_json, print_line, say, say_left_out, say_note
from headstart.process.terminal_text import escape_name

if TYPE_CHECKING:
    from headstart.inspection.applying import AppliedCorrections
    from headstart.inspection.audit_result import Audit
    from headstart.inspection.corrections import Corrections

COMPUTING = ("backbone", "image_size", "depth", "seed", "cache")  # options of how an audit computes
LEAST_SCORE = 0.5  # for --relabel
N_NAMED = 3  # files that a sentence names


class _Score(click.ParamType[float]):
    """A score from 0.5 to 1, such as ``0.95`` or ``95%``."""

    name = "score"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(%?)\s*", str(value))
        score = float(match[1]) / (100 if match[2] else 1) if match else math.nan
        if score < LEAST_SCORE:
            reason = "below, more labels would become wrong than right"
            self.fail(f"got the score {score:g}, need {LEAST_SCORE:g} to 1: {reason}.", param, ctx)
        if not score <= 1:
            self.fail(f"got {value!r}, need a score from {LEAST_SCORE:g} to 1, such as 0.95.", param, ctx)
        return score


@click.command(short_help="Find wrong labels, copies, poor photos and shortcuts.")
@click.argument("data", type=PATH, metavar="DATA")
@click.option(
    "--out", type=PATH,
    help="Audit folder to write; with --apply, --drop, --relabel or --weigh the corrected CSV.  [default: audits/NAME, "
    "audits/NAME-corrected.csv]",
)  # fmt: skip
@click.option("--top", type=click.IntRange(min=0), default=20, metavar="N",
              help="Number of findings, or of changes, to print; --json has all.")  # fmt: skip
@click.option(
    "--apply", "decisions", type=PATH, metavar="DECISIONS",
    help="Apply the decisions.csv that the page saved: write a corrected CSV, which train takes, and beside it "
    "NAME-changes.csv with each change and its reason. The photos stay as they are.",
)  # fmt: skip
@click.option(
    "--drop", metavar="KINDS",
    help="Leave out the photos of these kinds of findings, such as blank,copies, in the corrected CSV. Of copies one "
    "stays. Copies with several labels are left to you.",
)  # fmt: skip
@click.option(
    "--relabel", "relabel_from", type=_Score(), metavar="SCORE",
    help="In the corrected CSV, give photos with a wrong label the suggested one if their score is at least this, such "
    "as 0.95, and the suggested one has a probability of at least 0.5. The score is the probability that the label is "
    "wrong. Not recommended without a look at the photos: where all found labels were replaced, classifiers were "
    "often less accurate than before.",
)  # fmt: skip
@click.option(
    "--weigh", is_flag=True,
    help="In the corrected CSV, let photos count less in training if their labels look doubtful after the corrections "
    "and you have not decided about them. No label is replaced.",
)  # fmt: skip
@click.option("--new-classes", is_flag=True, help="Accept labels in the decisions that no photo has.")
@backbone_option
@image_size_option
@layout_option
@depth_option
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    help="Seed of the photos that others are compared with, if there are more than 1,500.",
)
@click.option("--cache/--no-cache", default=True, help="Read and write features in the user's cache.")
@column_options
@click.option(
    "--group-from", metavar="PATTERN",
    help="What gives the photos their groups, so that each is judged without its group. camera: make, model and serial "
    "number in the Exif data. folder: the folder below the class folder. Else a regular expression on the path, such "
    "as '(site[0-9]+)'.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace --out if it exists; without --out replace audits/NAME.")
@json_option()
@click.pass_context
def audit(
    context: click.Context, /, data: Path, out: Path | None, top: int, decisions: Path | None, drop: str | None,
    relabel_from: float | None, weigh: bool, new_classes: bool, overwrite: bool, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Look for problems with labelled photos, and rank them: what to look at first.

    DATA is a folder of labelled photos, or a CSV, as for train. The audit folder has a page that shows the findings and
    takes your decisions (audit.html), and the findings as CSV and JSON. No photo is changed, moved or deleted.

    Findings are no error: the exit status is 0.
    """
    if new_classes and decisions is None:
        raise click.UsageError("--new-classes needs --apply.")
    if decisions is None and drop is None and relabel_from is None and not weigh:
        from headstart.inspection.audit import audit_photos

        _print_audit(audit_photos(data, out=out, overwrite=overwrite, say=say, **options), top, as_json=as_json)
        return
    from headstart.inspection.applying import apply_corrections
    from headstart.inspection.audit import AuditOptions
    from headstart.inspection.kind_names import find_droppable_kinds

    computing = {name: options.pop(name) for name in COMPUTING}
    if drop is None and relabel_from is None and not weigh:
        _note_unused(context)
    applied = apply_corrections(
        data, decisions=decisions, drop=() if drop is None else find_droppable_kinds(drop), relabel_from=relabel_from,
        is_weighed=weigh, is_new_class_allowed=new_classes, out=out, overwrite=overwrite,
        options=AuditOptions(**computing), **options,
    )  # fmt: skip
    _print_corrections(applied, top, as_json=as_json)


def _note_unused(context: click.Context) -> None:
    """Note the options that have no effect because no photo is audited."""
    from headstart.evaluation.notes import note_unused

    for name in COMPUTING[:-1]:  # the cache also has digests
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            say_note(note_unused(f"--{name.replace('_', '-')}", "decisions alone are applied without an audit"))


def _print_audit(audit: Audit, top: int, *, as_json: bool) -> None:
    if as_json:
        print_json(audit.to_dict())
        return
    from headstart.evaluation.words import format_seconds
    from headstart.inspection.audit_text import list_counts, list_findings

    for note in audit.notes:
        say_note(note)
    skipped = [{"path": str(skip.path), "reason": skip.reason} for skip in audit.catalog.skipped]
    say_left_out(skipped, "audit.json")
    say(f"Took {format_seconds(audit.seconds)}.")
    for line in list_findings(audit.findings, audit.catalog.source, top):
        print_line(line)
    if top and audit.findings:
        print_line("")
    for line in list_counts(audit.counts()):
        print_line(line)
    print_line(f"\nPage: {audit.page}")


def _say_counts(corrections: Corrections) -> None:
    """Say what became of decisions beside the changes."""
    if corrections.n_done:
        say(f"Decisions that the photos already follow: {corrections.n_done:,}.")
    if corrections.n_lost:
        say(
            "Photos of which no file stays, since a decision also counts for files with the same bytes: "
            f"{corrections.n_lost:,}. To leave out one file only, give the row the kind copy."
        )
    if corrections.not_found:
        _name_not_found(corrections.not_found)
    if corrections.n_skipped:
        say(f"Rows that decide nothing (skip): {corrections.n_skipped:,}.")
    if corrections.n_left_open:
        say(
            f"Findings of copies with several labels, which are left to you: {corrections.n_left_open:,}. See the "
            "audit's page."
        )


def _name_not_found(paths: Sequence[str]) -> None:
    names = ", ".join(f"'{escape_name(name)}'" for name in paths[:N_NAMED])
    rest = f" and {len(paths) - N_NAMED:,} more" if len(paths) > N_NAMED else ""
    say(
        f"Unreadable files to leave out that are not there: {names}{rest}. If you did not delete them, check the paths."
    )


def _print_corrections(applied: AppliedCorrections, top: int, *, as_json: bool) -> None:
    if as_json:
        print_json(applied.to_dict())
        return
    from headstart.evaluation.words import count_photos

    corrections = applied.corrections
    for change in corrections.changes[:top]:
        what = f"{change.old} -> {change.new}" if change.new else f"left out ({change.old})"
        print_line(f"{escape_name(change.path)}  {what}\n    {escape_name(change.reason)}")
    if top and len(corrections.changes) > top:
        print_line(f"and {len(corrections.changes) - top:,} more")
    _say_counts(corrections)
    if not corrections.changes:
        print_line("Nothing to change.")  # a file is written only if --out names it
    if applied.path is None:
        return
    n = len(corrections.catalog.photos)
    dropped, relabelled, weighed = (corrections.count(change) for change in ("drop", "relabel", "weigh"))
    less = f", {weighed:,} that count less" if weighed else ""
    print_line(
        f"{count_photos(n)}; {relabelled:,} with another label, {dropped:,} left out{less}. No photo was changed."
    )
    name = "Corrected" if corrections.changes else "Catalog"
    print_line(f"{name + ':':<10} {escape_name(str(applied.path))}")
    print_line(f"Changes:   {escape_name(str(applied.record))}")
