"""Find kinds of findings by the names that a user types."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from headstart.errors import AuditError
from headstart.inspection.finding import KINDS

PLURALS = {"copies": "copy", "near_copies": "near_copy", "shapes": "shape"}  # others end in -s


def find_kind(name: str, action: str, allowed: Collection[str] = tuple(KINDS)) -> str:
    """Return the key in `KINDS` of a name, which may be a plural or have hyphens.

    Parameters
    ----------
    action
        What cannot be done if there is no such kind, for the message: ``Cannot <action>: ...``.
    allowed
        Kinds that may be named.

    Raises
    ------
    AuditError
        If the name is none of the allowed kinds.

    Examples
    --------
    >>> find_kind("near-copies", "leave out photos")
    'near_copy'
    """
    folded = name.strip().casefold().replace("-", "_").replace(" ", "_")
    names = {kind: kind for kind in KINDS} | {f"{kind}s": kind for kind in KINDS} | PLURALS
    kind = names.get(folded)
    if kind in allowed:
        return str(kind)
    close = difflib.get_close_matches(folded, [name for name, kind in names.items() if kind in allowed], n=1)
    meant = f" Did you mean '{names[close[0]]}'?" if close and kind is None else ""
    raise AuditError(f"Cannot {action}: got the kind '{name}', need {_join([*allowed])}.{meant}")


def find_droppable_kinds(names: str) -> tuple[str, ...]:
    """Return the kinds of a list such as ``blank,copies`` whose photos may be left out by machine."""
    allowed = [name for name, kind in KINDS.items() if kind.is_droppable]
    kinds = [find_kind(name, "leave out photos", allowed) for name in names.split(",") if name.strip()]
    if not kinds:
        raise AuditError(f"Cannot leave out photos: got no kind, need {_join(allowed)}.")
    return tuple(dict.fromkeys(kinds))


def _join(kinds: Sequence[str]) -> str:
    return f"{', '.join(kinds[:-1])} or {kinds[-1]}"
