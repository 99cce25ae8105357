"""The metadata of a classifier file: what the classifier is, and how it was trained."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from headstart.backbone.spec import BackboneSpec, find_problems, is_showable
from headstart.backbone.view_averaging import N_VIEWS
from headstart.classifier.decision import Decision
from headstart.classifier.label_sets import MAX_UNITS, LabelSets
from headstart.errors import BackboneError, ClassifierError
from headstart.pixels.sample_values import MAX_DEPTH, MIN_DEPTH

FORMAT = 6
FORMAT_OF_ONE_NETWORK = 5  # what differs is in the spec of several networks: earlier versions read the others
PRECISIONS = ("f32", "bf16", "int8")
MAX_JSON = 1_000_000  # values of the record; each may take 100 bytes of memory
DIGEST_BYTES = 8  # of each training photo's SHA-256: among a million photos, a false match has odds of 1 in 10 million


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a classifier is and how it was trained. The same training gives the same metadata.

    Attributes
    ----------
    labels
        Class names, in the order of the outputs.
    image_size
        Side of the network's input in pixels.
    depth
        Bits of the values in photos with 16 bits a sample, as for `decode_photo`.
    spec
        Spec of the backbone: its weights' hash and its preprocessing.
    precision
        Arithmetic of the features that the head was fitted to: ``f32``, ``bf16`` or ``int8``.
    method, cut, head, seed, n_views
        Settings of the training.
    n_averaged
        Number of symmetric views of a photo whose features are averaged. 1: the photo as it is.
    trained_on
        First 8 bytes of the SHA-256 of each training photo. Evaluation leaves these photos out.
    decision
        Rule that makes an answer of the probabilities. None: the most probable class is the answer.
    n_novelty_photos
        Number of photos that the novelty test was measured on; None: there is no test. Photos of one group, and near
        copies, count as one.
    label_sets
        Thresholds of label sets, or None without held-out photos.
    """

    labels: tuple[str, ...]
    image_size: int
    depth: int
    spec: BackboneSpec
    precision: str
    method: str
    cut: str
    head: str
    seed: int
    n_views: int
    n_averaged: int
    trained_on: frozenset[bytes]
    decision: Decision | None = None
    n_novelty_photos: int | None = None
    label_sets: LabelSets | None = None

    @classmethod
    def describe(
        cls, spec: BackboneSpec, *, labels: Iterable[Any], image_size: int, precision: str, digests: Iterable[str],
        seed: int, method: str = "fixed", cut: str | None = None, head: str = "logistic", n_views: int = 1,
        n_averaged: int = 1, depth: int = MAX_DEPTH, decision: Decision | None = None,
        n_novelty_photos: int | None = None, label_sets: LabelSets | None = None,
    ) -> Metadata:  # fmt: skip
        """Make the metadata of one training.

        ``digests`` are the SHA-256 (hex) of its training photos; the first bytes of each are kept. Default of ``cut``:
        the last stage.
        """
        return cls(
            labels=tuple(map(str, labels)), image_size=image_size, depth=depth, spec=spec, precision=precision,
            method=method, cut=spec.stages[-1].name if cut is None else cut, head=head, seed=int(seed),
            n_views=n_views, n_averaged=n_averaged, trained_on=frozenset(map(_shorten, digests)), decision=decision,
            n_novelty_photos=n_novelty_photos, label_sets=label_sets,
        )  # fmt: skip

    @property
    def is_quantised(self) -> bool:
        """Whether the network computes in int8, on every machine."""
        return self.precision == "int8"

    def has_seen(self, digest: str) -> bool:
        """Say whether the photo with this SHA-256 (hex) is a training photo."""
        return _shorten(digest) in self.trained_on

    def to_json(self) -> str:
        """Return the metadata as JSON. Equal metadata give equal texts."""
        record = asdict(self) | {
            "format": FORMAT if self.spec.parts else FORMAT_OF_ONE_NETWORK,
            "spec": self.spec.to_dict(),
            "trained_on": base64.b64encode(b"".join(sorted(self.trained_on))).decode(),
        }
        return json.dumps(record, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Read the metadata from JSON; raise ClassifierError (the reason alone) if the format is too new.

        Every field is checked, too: anyone can write such a text and seal it.
        """
        try:
            if sum(map(text.count, ",[{")) > MAX_JSON:
                raise ValueError(f"more than {MAX_JSON:,} values")
            record = json.loads(text)
            version = record.pop("format", None) if isinstance(record, dict) else None
            if type(version) is int and version > FORMAT:
                raise ClassifierError(
                    f"it has format {version}, this version of headstart reads formats up to {FORMAT}. Update headstart"
                )
            if version == 1:  # this format had no averaging over views
                record["n_averaged"] = 1
            if version in (1, 2):  # these had no depth
                record["depth"] = MAX_DEPTH
            if version in (1, 2, 3):  # their answer is the most probable class
                record["decision"] = None
            if version in (1, 2, 3, 4):  # these cannot refuse photos, and have no label sets
                record["n_novelty_photos"] = record["label_sets"] = None
            problems = find_problems(record, cls) or _find_problems(record)
            if type(version) is not int or problems:
                raise ValueError("; ".join(problems[:3]) or "no number of its format")
            spec = BackboneSpec.from_dict(record["spec"])
            spec.check_image_size(record["image_size"])
            decision, label_sets = record["decision"], record["label_sets"]
            parsed = {
                "labels": tuple(record["labels"]), "spec": spec, "trained_on": _split_digests(record["trained_on"]),
                "decision": None if decision is None else Decision.from_record(decision, record["labels"]),
                "label_sets": None if label_sets is None else LabelSets.from_record(label_sets),
            }  # fmt: skip
            return cls(**{**record, **parsed})
        except (BackboneError, ValueError, RecursionError) as error:
            raise ClassifierError(f"its metadata cannot be read ({str(error).removesuffix('.')})") from None


def _find_problems(record: dict[str, Any]) -> list[str]:
    """List the wrong values of a record whose fields have the right types."""
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
    if not MIN_DEPTH <= record["depth"] <= MAX_DEPTH:
        problems.append(f"depth {record['depth']}, need {MIN_DEPTH} to {MAX_DEPTH}")
    if record["n_views"] < 1:
        problems.append(f"n_views {record['n_views']}, need 1 or more")
    if record["n_averaged"] not in N_VIEWS:
        problems.append(f"n_averaged {record['n_averaged']}, need one of {', '.join(map(str, N_VIEWS))}")
    n_units = record["n_novelty_photos"]
    if n_units is not None and (type(n_units) is not int or not 1 <= n_units <= MAX_UNITS):
        problems.append(f"n_novelty_photos {n_units!r:.40}, need a whole number from 1 to {MAX_UNITS:,}, or null")
    return problems


def _split_digests(text: str) -> frozenset[bytes]:
    digests = base64.b64decode(text, validate=True)
    if len(digests) % DIGEST_BYTES:
        raise ValueError(f"trained_on of {len(digests)} bytes, need {DIGEST_BYTES} for each photo")
    return frozenset(digests[i : i + DIGEST_BYTES] for i in range(0, len(digests), DIGEST_BYTES))


def _shorten(digest: str) -> bytes:
    return bytes.fromhex(digest)[:DIGEST_BYTES]
