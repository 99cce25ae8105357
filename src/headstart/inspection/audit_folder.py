"""Write the files of an audit folder: the page, the findings as CSV, and everything as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from headstart.inspection.audit_result import Audit


def write_audit(folder: Path, audit: Audit) -> None:
    """Write ``audit.html``, ``findings.csv`` and ``audit.json`` into a folder.

    ``audit.json`` comes last, and a folder without it is no audit.
    """
    audit.write_csv(folder / "findings.csv")
    text = json.dumps(audit.to_dict(), indent=2, allow_nan=False)
    (folder / "audit.json").write_text(text + "\n", encoding="utf-8")  # in ASCII: a path may not be UTF-8
