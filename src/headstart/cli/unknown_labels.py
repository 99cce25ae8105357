"""Labels that a classifier does not know, told by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

N_LISTED = 20  # labels that are named before they are only counted


def tell_unknown_labels(unknown: Mapping[str, int], known: Sequence[str]) -> Iterator[str]:
    """Tell a line for each label: how many photos have it, and which one was probably meant."""
    from headstart.catalog.classes import suggest_label

    for label, n in list(unknown.items())[:N_LISTED]:
        meant = suggest_label(label, known)
        yield f"{n:,} {'photo' if n == 1 else 'photos'} of '{label}'" + (f" (did you mean '{meant}'?)" if meant else "")
    if len(unknown) > N_LISTED:
        n_more = sum(list(unknown.values())[N_LISTED:])
        yield f"{n_more:,} photos of {len(unknown) - N_LISTED:,} more labels"
