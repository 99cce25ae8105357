"""The forecast in words: the accuracy to expect with more photos, or why it cannot be known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from headstart.evaluation.words import count_photos, format_percent

Record = Mapping[str, Any]
TIMES = {2.0: "twice", 5.0: "five times", 10.0: "ten times"}
WORTH = 0.01  # accuracy; less is called little
LUCK = 0.001  # accuracy; smaller differences are not seen


def write_forecast(record: Record | None) -> list[str]:
    """Return the sentences of a forecast as `describe_forecast` made it; none if there is none."""
    if not record:
        return []
    if record.get("reason"):
        return [_explain(record)]
    opening = "More photos like these would help little" if helps_little(record) else "More photos would help"
    now = f"{format_percent(record['accuracy'])} of {count_photos(record['n'])}"
    sentences = [
        f"{opening}. In cross-validation {now} are right{_say_luck(record)}.",
        *(
            f"With {TIMES[row['factor']]} as many ({row['n_photos']:,}): "
            f"{_write_range(row['accuracy'], row['interval80'], is_first=not number)}."
            for number, row in enumerate(record["expected"])
        ),
        _write_target(record["target"], record["n"], record["most"]),
    ]
    return [sentence for sentence in sentences if sentence]


def _say_luck(record: Record) -> str:
    """Say that so few errors may be luck, if the forecast for twice as many photos is below the accuracy now."""
    begins = record["curve"][0]["accuracy"] if record.get("curve") else record["accuracy"]
    if begins > record["accuracy"] - LUCK or record["expected"][0]["accuracy"] >= record["accuracy"]:
        return ""
    return f"; with so few errors this may be luck, and the forecast begins at {format_percent(begins)}"


def helps_little(record: Record | None) -> bool:
    """Say whether a forecast says that twice as many photos gain less than a point, or that the error does not fall.

    Examples
    --------
    >>> helps_little({"reason": "flat"}), helps_little({"reason": "few-photos"}), helps_little(None)
    (True, False, False)
    >>> helps_little({"reason": None, "accuracy": 0.9, "expected": [{"accuracy": 0.906}]})
    True
    """
    if not record:
        return False
    if record["reason"]:
        return bool(record["reason"] == "flat")
    return bool(record["expected"][0]["accuracy"] - record["accuracy"] < WORTH)


def _write_range(accuracy: float, interval: list[float], *, is_first: bool) -> str:
    low, high = map(format_percent, interval)
    return f"{format_percent(accuracy)} ({'80% interval ' * is_first}{low} to {high})"


def _write_target(target: Record | None, n: int, most: int) -> str:
    if target is None:
        return ""
    low, high = target["interval80"]
    reached = f"{100 * target['accuracy']:g}% would take"
    if low is None:
        return f"{reached} more than {count_photos(round_number(most))}."
    expected = target["n_photos"]
    about = f"about {round_number(expected):,}" if expected else f"more than {round_number(most):,}"
    upper = f"{round_number(high):,}" if high else f"more than {round_number(most):,}"
    lower = f"{round_number(low):,}" if low > n else "no more than now"
    return f"{reached} {about} photos ({lower} to {upper})."


def round_number(n: float) -> int:
    """Round a number of photos to two digits.

    Examples
    --------
    >>> round_number(3_472), round_number(58)
    (3500, 58)
    """
    digits = max(0, int(math.log10(max(n, 1))) - 1)
    return int(round(n, -digits))


def _explain(record: Record) -> str:
    reason = record["reason"]
    opening = "Whether more photos would help cannot be told"
    if reason == "no-cross-validation":
        return (
            f"{opening}: this training has no cross-validation to measure it by. headstart advise measures it for a "
            "head on frozen features."
        )
    if reason == "few-photos":
        return f"{opening}: {count_photos(record['n'])} are too few. Add some of each class, and train again."
    if reason == "few-groups":
        return (
            f"{opening}: the photos are of {record['n_groups']:,} groups, too few to learn from some and judge by the "
            "others. Add photos of new groups."
        )
    if reason == "near-copies":
        return (
            f"{opening}: {record['n_near_copies']:,} of {count_photos(record['n'])} have a near copy. What new "
            "pictures bring cannot be learned from copies."
        )
    if reason == "guessing":
        return (
            f"{opening}: the answers are not clearly better than always giving the largest class. First check the "
            "labels, and whether the photos show what tells the classes apart."
        )
    return (
        "More photos of the same kind may not help: heads that learned from a quarter of the photos were wrong as "
        "often as those that learned from more. Check the labels (headstart audit), and whether the photos show what "
        "tells the classes apart."
    )


def write_costliest_class(per_class: Mapping[str, Mapping[str, Any]]) -> str:
    """Say which class has the most wrong photos, or return an empty text if no photo is wrong.

    Parameters
    ----------
    per_class
        ``support`` and ``recall`` of each class, as the record of cross-validation has them.
    """
    wrong = {name: round(row["support"] * (1 - row["recall"])) for name, row in per_class.items() if row["support"]}
    n_wrong = sum(wrong.values())
    if not n_wrong or len(wrong) < 2:
        return ""
    name = max(wrong, key=lambda label: wrong[label])
    return (
        f"Most errors are on {name}: {wrong[name]:,} of its {count_photos(per_class[name]['support'])} are wrong, of "
        f"{n_wrong:,} in all. Which class would gain most from new photos cannot be told."
    )
