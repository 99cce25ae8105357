"""Render the report: one HTML page that opens offline, with the verdict first and the results after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from headstart.evaluation.cross_validation import explain_missing_cross_validation, find_cross_validation
from headstart.evaluation.forecast_words import write_costliest_class, write_forecast
from headstart.evaluation.notes import Note, sort_notes
from headstart.evaluation.verdict import choose_headline, write_verdict
from headstart.evaluation.words import count_photos, format_percent
from headstart.report.elsewhere_rows import describe_elsewhere
from headstart.report.figure_file import InlineImage
from headstart.report.fitted_photos import explain_splits
from headstart.report.growth_section import describe_growth_section
from headstart.report.label_sets_table import describe_label_sets
from headstart.report.near_copy_text import describe_near_copies
from headstart.report.novelty_section import describe_refusal
from headstart.report.page_tables import (
    describe_settings,
    has_weighted_strengths,
    list_bars,
    list_classes,
    list_measures,
    list_strengths,
    list_trials,
)
from headstart.report.photos_to_look_at_text import describe_photos_to_look_at
from headstart.report.quote_table import describe_quote, list_figure_rows
from headstart.report.repeats_table import list_repeats
from headstart.report.working_points_table import list_working_points

if TYPE_CHECKING:
    from jinja2 import Template

# shown beside the numbers they belong to
CHARTS = ("per_class", "confusion_matrix", "curves", "history", "reliability", "repeats", "forecast")
WIDE_PX = 600  # on a phone a wider chart scrolls instead of shrinking, so that its text stays readable
SECTIONS = (
    "near_copies",
    "photos_to_look_at",
    "strangers",
    "strangest_photos",
    "label_sets",
    "other_answers",
)  # figures in sections of their own
MAX_SKIPPED = 200
MAX_OPEN_ROWS = 12  # longer tables and lists are folded


@dataclass(frozen=True)
class ReportFigure:
    """A figure of the report, with its caption."""

    caption: str
    image: InlineImage
    alt: str = ""  # text for readers who cannot see it. Default: the caption


@dataclass(frozen=True)
class ReportContent:
    """The content of a report.

    Attributes
    ----------
    title
        Title of the page, such as the name of the folder of photos.
    metrics
        Content of ``metrics.json``.
    figures
        Figures by name, in the order of the page. The charts ``per_class``, ``confusion_matrix``, ``history``,
        ``reliability``, ``repeats`` and ``forecast`` stand beside their numbers; ``near_copies``,
        ``photos_to_look_at``, ``strangers``, ``strangest_photos``, ``label_sets`` and ``other_answers`` in their
        sections; all others, such as ``training_photos``, in the section Photos.
    catalog_summary
        Number of photos by class and split, as rows like ``{"label": "cats", "train": 850, "test": 150}``.
    notes
        Notes on the photos and the training; the page shows warnings first.
    network
        ``sentence`` on the network, and ``rows`` of its parts: name, output, parameters, and what was done to it.
    """

    title: str
    metrics: Mapping[str, Any]
    figures: Mapping[str, ReportFigure] = field(default_factory=dict)
    catalog_summary: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[Note] = ()
    network: Mapping[str, Any] | None = None


def render_report(content: ReportContent) -> str:
    """Render the report as one HTML page, which takes 10 ms, and 40 ms more for the first page of a process.

    The page contains its styles and images, has no script and fetches nothing. Every text of the user is escaped.
    """
    metrics = content.metrics
    skipped = list(metrics.get("skipped") or [])
    headline = choose_headline(metrics)
    images = {name: _describe_figure(name, figure) for name, figure in content.figures.items()}
    return load_template().render(
        title=content.title,
        metrics=metrics,
        verdict=write_verdict(metrics),
        headline=headline,
        quote=describe_quote(metrics),
        figure_rows=list_figure_rows(metrics),
        bars=list_bars(metrics),
        measures=list_measures(metrics),
        cross_validation=find_cross_validation(metrics),
        no_cross_validation=explain_missing_cross_validation(metrics),
        elsewhere=describe_elsewhere(metrics),
        forecast=_describe_more_photos(metrics),
        explained_splits=explain_splits(metrics),
        classes=list_classes(headline[1]) if headline else [],
        charts={name: images.get(name) for name in CHARTS},
        photos=[image for name, image in images.items() if name not in (*CHARTS, *SECTIONS)],
        to_look_at=describe_photos_to_look_at(metrics),
        to_look_at_figure=images.get("photos_to_look_at"),
        refusal=describe_refusal(metrics),
        strangers_figure=images.get("strangers"),
        strangest_figure=images.get("strangest_photos"),
        label_sets=describe_label_sets(metrics),
        label_sets_figure=images.get("label_sets"),
        growth=describe_growth_section(metrics),
        growth_figure=images.get("other_answers"),
        near_copies=describe_near_copies(metrics),
        near_copies_figure=images.get("near_copies"),
        catalog_columns=list(content.catalog_summary[0]) if content.catalog_summary else [],
        catalog_rows=[list(row.values()) for row in content.catalog_summary],
        notes=sort_notes(content.notes),
        skipped=skipped[:MAX_SKIPPED],
        n_skipped=len(skipped),
        settings=describe_settings(metrics),
        strengths=list_strengths(metrics),
        has_weighted_strengths=has_weighted_strengths(metrics),
        trials=list_trials(metrics),
        network=content.network,
        repeat_rows=list_repeats(metrics.get("repeats")),
        working_points=list_working_points(metrics.get("working_points") or []),
        max_open_rows=MAX_OPEN_ROWS,
    )


def _describe_more_photos(metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the sentences on more photos, or None for a run of an earlier version."""
    if not metrics.get("forecast"):
        return None
    costliest = write_costliest_class((find_cross_validation(metrics) or {}).get("per_class") or {})
    return {"sentences": write_forecast(metrics["forecast"]), "costliest": costliest}


def _describe_figure(name: str, figure: ReportFigure) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "caption": figure.caption,
        "alt": figure.alt or figure.caption,
        "image": figure.image,
        "is_wide": name in (*CHARTS, "strangers") and figure.image.width > WIDE_PX,
    }


@cache
def load_template() -> Template:
    """Return the template of the page; the first call imports Jinja and compiles the template."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("headstart.report"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(percent=format_percent, photos=count_photos)
    for part in environment.list_templates():  # compile all parts now, which can run beside other work
        environment.get_template(part)
    return environment.get_template("report.html.jinja")
