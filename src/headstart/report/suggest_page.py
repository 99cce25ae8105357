"""Render the page of a suggestion: one HTML file with a thumbnail, a reason and an input for each photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from headstart.report.audit_page import WEB, hash_text
from headstart.version import __version__

SCRIPTS = ("table.js", "suggest.js")


def render_suggestions(
    *, title: str, sentences: Sequence[str], photos: Sequence[Mapping[str, Any]], next_step: str,
    labels: Sequence[str] = (), csv_name: str = "suggested.csv",
) -> str:  # fmt: skip
    """Render the page as one HTML text. It loads nothing; its script takes labels, and saves them as a CSV.

    Parameters
    ----------
    title
        Name of the photos.
    sentences
        Summary in sentences.
    photos
        Records in order: ``path`` (for the eye), ``file`` (for the CSV), ``guess`` (or None), ``kind``, ``reason``, and
        ``thumbnail``, a data URI or None.
    next_step
        What to do with the suggestions.
    labels
        Classes to choose from. Others can be typed.
    csv_name
        Name of the CSV that the page saves.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    style, script = _read_style(), _read_script()
    rows = [[photo["file"], photo["guess"] or "", photo["reason"]] for photo in photos]
    return environment.get_template("suggest.html.jinja").render(
        title=title, sentences=sentences, photos=photos, next_step=next_step, version=__version__,
        data={"rows": rows, "labels": list(labels), "name": csv_name},
        style=Markup(style), script=Markup(script),  # noqa: S704  our own files
        style_hash=hash_text(style), script_hash=hash_text(script),
    )  # fmt: skip


@cache
def _read_style() -> str:
    return (WEB / "suggest.css").read_text(encoding="utf-8")


@cache
def _read_script() -> str:
    return '"use strict";\n' + "\n".join((WEB / name).read_text(encoding="utf-8") for name in SCRIPTS)
