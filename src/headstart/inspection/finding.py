"""A finding: something about one or several photos, or about the set, that a person should look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.

    Attributes
    ----------
    name
        Name in tables and on the page, such as ``Doubtful label``.
    action
        What could be done, in a sentence.
    is_droppable
        Whether ``headstart audit --drop`` takes it: all photos of such a finding but those that must stay are left out.
    """

    name: str
    action: str
    is_droppable: bool = False


KINDS = {
    "unreadable": Kind("Unreadable file", "Replace the file, or leave it out.", True),
    "copy": Kind("Copies", "Keep one of the files.", True),
    "near_copy": Kind("Near copies", "Keep one of the photos, or keep them in one split.", True),
    "wrong_label": Kind("Doubtful label", "Check the label, and correct it."),
    "outlier": Kind("Belongs to no class", "Leave the photo out if it shows none of the classes.", True),
    "odd_one": Kind("Odd one of its class", "Check whether the photo shows what its label says."),
    "blank": Kind("Blank photo", "Leave the photo out.", True),
    "dark": Kind("Dark photo", "Leave the photo out, or take it again.", True),
    "flat": Kind("Flat photo", "Leave the photo out, or take it again.", True),
    "blurred": Kind("Blurred photo", "Leave the photo out, or take it again.", True),
    "tiny": Kind("Tiny photo", "Use the photo at its original size.", True),
    "shape": Kind("Extreme shape", "Crop the photo: it is squeezed to a square.", True),
    "odd_file": Kind("Odd file", "Convert the file as the others are."),
    "shortcut": Kind("Shortcut", "Take or save the photos of all classes in the same way."),
    "few_photos": Kind("Too few photos", "Add photos of the class, or join it with another."),
    "same_classes": Kind("Two classes that are one", "Join the classes, or tell them apart by clearer photos."),
    "split_class": Kind("One class that is two", "Look at both halves; perhaps they are two classes."),
    "lookalike": Kind("Look-alikes", "Nothing: they are only shown."),
}
"""Kinds of findings, by the name that files and JSON use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    Attributes
    ----------
    kind
        A key of `KINDS`.
    photos
        Paths of the photos, as the catalog has them; the photo to look at first. For a finding about a class or the
        set: examples, maybe none.
    digests
        SHA-256 of each of ``photos``, in hex; empty if the scan could not read the file.
    label
        Label of the first photo, or the class that the finding is about. None: it is about the set.
    suggested
        Label that the photo should probably have, or the other of two classes. None: nothing is suggested.
    score
        How strong the finding is, 0 to 1. Scores of one kind can be compared. Of a wrong label: the probability that
        the label is wrong.
    evidence
        What was seen, in a sentence.
    gain
        Expected decrease of the mean log loss on other photos if the finding is corrected, times 1,000; a ranking and
        not a price. None: unknown.
    suggested_probability
        Probability of the suggested label by classifiers that did not see the photo. None: unknown.
    own_action
        What could be done, if that of the kind is not right here.
    """

    kind: str
    photos: tuple[str, ...]
    digests: tuple[str, ...]
    label: str | None = None
    suggested: str | None = None
    score: float
    evidence: str
    gain: float | None = None
    suggested_probability: float | None = None
    own_action: str | None = None

    @property
    def action(self) -> str:
        """What could be done, in a sentence."""
        return self.own_action or KINDS[self.kind].action

    def to_record(self) -> dict[str, Any]:
        """Return the finding as a record for JSON."""
        return {
            "kind": self.kind, "photos": list(self.photos), "label": self.label, "suggested": self.suggested,
            "score": round(self.score, 4), "evidence": self.evidence, "action": self.action,
            "gain": _round(self.gain, 6), "digests": list(self.digests),
            "suggested_probability": _round(self.suggested_probability, 4),
        }  # fmt: skip


def _round(value: float | None, n_digits: int) -> float | None:
    return None if value is None else round(value, n_digits)
