"""What a classifier file knows about itself, and how it is read with care."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from headstart.backbone.spec import BackboneSpec, find_problems, is_showable
from headstart.backbone.view_averaging import N_VIEWS
from headstart.errors import BackboneError, ClassifierError

FORMAT = 2
PRECISIONS = ("f32", "bf16", "int8")
DIGEST_BYTES = 8  # of each training photo's SHA-256: among a million photos a false match has odds of 1 in 10 million


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a classifier is and how it was trained; the same training gives the same record.

    Attributes
    ----------
    labels
        Class names in the order of the outputs.
    image_size
        Side of the network's input in pixels.
    spec
        The backbone and its preprocessing.
    precision
        The arithmetic in which the features for training were computed: ``f32``, ``bf16`` or ``int8``.
    method, cut, head, seed, n_views
        How it was trained.
    n_averaged
        So many symmetric views of a photo are looked at, and their features averaged; 1 is the photo as it is.
    trained_on
        The first 8 bytes of the SHA-256 of every training photo, so that evaluation can leave them out.
    """

    labels: tuple[str, ...]
    image_size: int
    spec: BackboneSpec
    precision: str
    method: str
    cut: str
    head: str
    seed: int
    n_views: int
    n_averaged: int
    trained_on: frozenset[bytes]

    @property
    def is_quantised(self) -> bool:
        """Whether the network in the file is quantised: then it computes in int8, wherever it runs."""
        return self.precision == "int8"

    def has_seen(self, digest: str) -> bool:
        """Say whether a photo with this SHA-256 (hex) was trained on."""
        return _shorten(digest) in self.trained_on

    def to_json(self) -> str:
        """Return the record as JSON text; equal records give equal texts."""
        record = asdict(self) | {
            "format": FORMAT,
            "spec": self.spec.to_dict(),
            "trained_on": base64.b64encode(b"".join(sorted(self.trained_on))).decode(),
        }
        return json.dumps(record, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Read the record; raise ClassifierError (the reason alone) if it is too new or a field is not as it must be.

        Nothing in it is trusted: anybody can write a record and seal it.
        """
        try:
            record = json.loads(text)
            version = record.pop("format", None) if isinstance(record, dict) else None
            if type(version) is int and version > FORMAT:
                raise ClassifierError(
                    f"it has format {version}, this version of headstart reads formats up to {FORMAT}. Update headstart"
                )
            if version == 1:  # it knew no averaging
                record["n_averaged"] = 1
            problems = find_problems(record, cls) or _find_problems(record)
            if type(version) is not int or problems:
                raise ValueError("; ".join(problems[:3]) or "no number of its format")
            spec = BackboneSpec.from_dict(record["spec"])
            spec.check_image_size(record["image_size"])
            changed = {"labels": tuple(record["labels"]), "spec": spec, "trained_on": _split(record["trained_on"])}
            return cls(**{**record, **changed})
        except (BackboneError, ValueError, RecursionError) as error:
            raise ClassifierError(f"its record cannot be read ({str(error).removesuffix('.')})") from None


def _find_problems(record: dict[str, Any]) -> list[str]:
    labels = record["labels"]
    if type(record["trained_on"]) is not str:
        return [f"trained_on {record['trained_on']!r:.40}, need a str"]
    problems = [
        f"label {label!a:.40}, need a text that can be shown"
        for label in labels
        if type(label) is not str or not label or not is_showable(label)
    ]
    if not problems and (len(labels) < 2 or len(set(labels)) < len(labels)):
        problems.append(f"{len(labels)} labels, {len(set(labels))} of them different, need 2 or more that all differ")
    if record["precision"] not in PRECISIONS:
        problems.append(f"precision {record['precision']!r:.40}, need one of {', '.join(PRECISIONS)}")
    if record["n_views"] < 1:
        problems.append(f"n_views {record['n_views']}, need 1 or more")
    if record["n_averaged"] not in N_VIEWS:
        problems.append(f"n_averaged {record['n_averaged']}, need one of {', '.join(map(str, N_VIEWS))}")
    return problems


def _split(text: str) -> frozenset[bytes]:
    digests = base64.b64decode(text, validate=True)
    if len(digests) % DIGEST_BYTES:
        raise ValueError(f"trained_on of {len(digests)} bytes, need {DIGEST_BYTES} for each photo")
    return frozenset(digests[i : i + DIGEST_BYTES] for i in range(0, len(digests), DIGEST_BYTES))


def shorten_digests(digests: Iterable[str]) -> frozenset[bytes]:
    """Return the short form of SHA-256 digests (hex) that `Metadata.trained_on` holds."""
    return frozenset(_shorten(digest) for digest in digests)


def _shorten(digest: str) -> bytes:
    return bytes.fromhex(digest)[:DIGEST_BYTES]
