"""Write the files of an audit folder: the page, the findings as CSV, and everything as JSON."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

from headstart.inspection.audit_result import Audit
from headstart.inspection.audit_text import summarise
from headstart.inspection.page_content import build_content
from headstart.inspection.photo_map import make_map
from headstart.inspection.photo_set import PhotoSet
from headstart.methods.training_context import TrainingContext
from headstart.process.progress import show_progress
from headstart.report.audit_page import render_audit
from headstart.runs.run_folder import AUDIT, name_source


def write_audit(folder: Path, audit: Audit, photos: PhotoSet, context: TrainingContext, *, started: float) -> Audit:
    """Write ``audit.html``, ``findings.csv`` and ``audit.json`` into a folder.

    Parameters
    ----------
    started
        When the audit began, by ``time.perf_counter``.

    Returns
    -------
    The audit with the seconds that it took, page included, as ``audit.json`` has them.
    """
    (folder / "audit.html").write_text(_render_page(folder, audit, photos, context), "utf-8", "replace")
    audit.write_csv(folder / "findings.csv")
    audit = replace(audit, seconds=time.perf_counter() - started)
    text = json.dumps(audit.to_dict(), indent=2, allow_nan=False)
    (folder / "audit.json").write_text(text + "\n", encoding="utf-8")  # in ASCII: a path may not be UTF-8
    return audit


def _render_page(folder: Path, audit: Audit, photos: PhotoSet, context: TrainingContext) -> str:
    with show_progress("Making the map", is_shown=context.verbose, unit="steps", is_even=False) as progress:
        progress(0, 1)
        places, map_name = make_map(photos)
    with show_progress("Making the page", is_shown=context.verbose, unit="thumbnails") as progress:
        content = build_content(
            photos, audit.findings, title=name_source(audit.catalog.source, AUDIT),
            sentences=summarise(audit.catalog, len(audit.findings)), nearest=photos.nearest[0], curve=audit.curve,
            places=places, map_name=map_name, folder=folder, depth=context.setup.depth, progress=progress,
        )  # fmt: skip
    return render_audit(content)
