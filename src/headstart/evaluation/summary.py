"""The table of labels and splits, and the reasons of skipped files, in text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

N_ROWS = 30  # labels that are listed; the others are counted


def write_counts(counts: dict[str, dict[str, int]]) -> list[str]:
    """Return the lines of a table of `Catalog.counts`: photos by label and split."""
    splits = list(counts)
    labels = list(counts[splits[0]])
    shown = labels if len(labels) <= N_ROWS + 1 else labels[:N_ROWS]
    rows = [["label", *splits, "all"]]
    rows += [[label, *_count_row(counts, [label])] for label in shown]
    if len(shown) < len(labels):
        rows.append([f"{len(labels) - len(shown):,} more labels", *_count_row(counts, labels[len(shown) :])])
    rows.append(["all", *_count_row(counts, labels)])
    return _align(rows)


def count_reasons(reasons: Iterable[str]) -> list[tuple[str, int]]:
    """Count the reasons of skipped files, the commonest first. Details of single files, in brackets, are removed."""
    return Counter(reason.split(" (")[0] for reason in reasons).most_common()


def _count_row(counts: dict[str, dict[str, int]], labels: list[str]) -> list[str]:
    numbers = [sum(of_split[label] for label in labels) for of_split in counts.values()]
    return [f"{n:,}" for n in [*numbers, sum(numbers)]]


def _align(rows: list[list[str]]) -> list[str]:
    """Align the first column left and the numbers right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    return ["  ".join(cells) for cells in lines]
