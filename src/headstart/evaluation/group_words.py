"""The kinds of groups of photos in plain words."""

from __future__ import annotations

CAMERA, FOLDER, GROUP = ("camera", "folder", "group")
PICTURE = "picture"  # near copies show one picture; of photos without other groups


def count_groups(n: int, kind: str) -> str:
    """Write a number of groups.

    Examples
    --------
    >>> count_groups(1, "camera"), count_groups(1200, "folder")
    ('1 camera', '1,200 folders')
    """
    return f"{n:,} {kind}{'' if n == 1 else 's'}"
