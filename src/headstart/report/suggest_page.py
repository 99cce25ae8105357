"""Render the page of a suggestion: one HTML file with a thumbnail and a reason for each photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from headstart.report.audit_page import WEB, hash_text
from headstart.version import __version__


def render_suggestions(
    *, title: str, sentences: Sequence[str], photos: Sequence[Mapping[str, Any]], next_step: str
) -> str:
    """Render the page as one HTML text. It loads nothing, and has no script.

    Parameters
    ----------
    title
        Name of the photos.
    sentences
        Summary in sentences.
    photos
        Records in order: ``path``, ``guess`` (or None), ``kind``, ``reason``, and ``thumbnail``, a data URI or None.
    next_step
        What to do with the suggestions.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = _read_style()
    return environment.get_template("suggest.html.jinja").render(
        title=title, sentences=sentences, photos=photos, next_step=next_step, version=__version__,
        style=Markup(style), style_hash=hash_text(style),  # noqa: S704  our own file
    )  # fmt: skip


@cache
def _read_style() -> str:
    return (WEB / "suggest.css").read_text(encoding="utf-8")
