"""The notice in every export: origin, authors and licence of its network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headstart.classifier.seal import EXPORT_MARK
from headstart.version import __version__

LICENCES = Path(__file__).parent / "licences"
LICENCES_BETWEEN = "; "  # of several networks side by side
PREFIX = "backbone."  # of those metadata entries of a classifier file that describe the origin of its network


def write_notice(entries: Mapping[str, str], *, is_page: bool = False) -> str:
    """Return the notice, from the metadata of a classifier file. A page has ONNX Runtime Web inside, with its licence.

    The notice contains the text of an Apache licence, which requires that (12 KB).
    """
    facts = {key.removeprefix(PREFIX): value for key, value in entries.items() if key.startswith(PREFIX)}
    lines = [f"{EXPORT_MARK} {__version__}: written by Headstart. Its network was made from:", ""]
    lines += [f"{key.replace('_', ' ')}: {value}" for key, value in facts.items()]
    lines += [
        "",
        "Changes: it is written in another form, and its last layer, or more of it, was trained on other photos.",
    ]
    licences = facts.get("licence", "").lower().split(LICENCES_BETWEEN)
    has_text = "apache-2.0" in licences
    if set(licences) != {"apache-2.0"}:
        lines.append("The text of this licence is not inside. If it asks to go along, take it from the source.")
    names = ["Apache-2.0"] * has_text + ["ONNX-Runtime-Web"] * is_page
    texts = [(LICENCES / f"{name}.txt").read_text(encoding="utf-8").strip("\n") for name in names]
    return "\n\n\n".join(["\n".join(lines), *texts]) + "\n"
