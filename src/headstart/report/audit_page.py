"""Render the page of an audit: one HTML file that shows findings, takes decisions and saves them as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class AuditContent:
    """What the page shows, in plain types.

    Attributes
    ----------
    title
        Name of the set.
    sentences
        Summary in sentences.
    photos
        Records of the photos that findings or classes name: ``path``, ``label``, ``digest``, ``split`` (maybe None),
        ``thumbnail`` (a data URI, or None: the page then loads the file itself), and ``at`` ([x, y], 0 to 1, the place
        on the map; or None).
    findings
        Records in the order in which to look at them: ``kind`` (such as ``wrong_label``), ``name`` (such as ``Wrong
        label``), ``photos`` (positions in ``photos`` of the page), ``label``, ``suggested``, ``score``, ``evidence``,
        ``action``, ``neighbours`` (positions of the nearest photos of the first photo).
    classes
        Records: ``label``, ``n`` photos, ``typical`` (positions of its typical photos).
    curve
        Pairs (k, expected gain in points) for "look at the first k"; empty if unknown.
    map_name
        Method of the map in words, such as ``PCA``; None: there is no map.
    """

    title: str
    sentences: Sequence[str]
    photos: Sequence[dict[str, Any]]
    findings: Sequence[dict[str, Any]]
    classes: Sequence[dict[str, Any]]
    curve: Sequence[tuple[int, float]] = ()
    map_name: str | None = None
