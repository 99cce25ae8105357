"""What the folder of a run records of its training: the settings and the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.catalog.split import SplitPlan
from headstart.engine.processor import list_capabilities
from headstart.errors import RunError
from headstart.evaluation.group_words import GROUP
from headstart.methods.settings import TUNED, Settings
from headstart.runs.photo_finding import FoundPhotos


def choose_settings(record: Mapping[str, Any], *, repeats_search: bool = True) -> Settings:
    """Return the settings that train a run again.

    They are those that the classifier was trained with, so that ``auto`` does not choose anew. If ``auto`` trained
    above a cut, only the whole search gives the same result, so it is repeated, unless ``repeats_search`` is False. The
    arithmetic is that of the run, if the processor has it.

    Raises
    ------
    RunError
        If the record has settings that this version does not know.
    """
    asked, used = (_read_settings(record["settings"][name]) for name in ("asked", "used"))
    if used.method in TUNED:  # what was asked for `fixed` had no effect; earlier versions had other defaults
        asked = replace(asked, features=Settings().features, head=Settings().head)
    is_search = repeats_search and asked.settle().method == "auto" and used.method in TUNED
    settings = asked if is_search else replace(used, budget_s=Settings().budget_s)
    arithmetic = record["machine"].get("arithmetic")
    if settings.precision != "int8" and (arithmetic == "f32" or str(arithmetic).upper() in list_capabilities()):
        settings = replace(settings, precision=str(arithmetic))
    return settings


def _read_settings(record: dict[str, Any]) -> Settings:
    try:
        return Settings(**record)
    except TypeError as error:
        raise RunError(
            f"Cannot replay the run: {str(error).split('() ')[-1]}, need settings that this version of headstart "
            "knows. Update headstart.",
        ) from None


def make_catalog(rows: Sequence[Photo], found: FoundPhotos, record: Mapping[str, Any]) -> Catalog:
    """Return the catalog of the run with the photos where they lie now."""
    split = record["split"]
    photos = [replace(row, file=file) for row, file in zip(rows, found.files, strict=True) if file is not None]
    plan = SplitPlan(split.get("pool"), dict(split.get("shares") or {}))
    kind = split.get("group_kind", GROUP)
    compared = _read_settings(record["settings"]["asked"]).features  # `auto` chose others after the search
    return Catalog(
        tuple(photos), source=str(record["photos"].get("source", "")), seed=split["seed"], plan=plan, group_kind=kind,
        is_recorded=True, compared_features=compared, sources=tuple(record["photos"].get("sources") or ()),
    )  # fmt: skip
