"""What a classifier file knows about itself, and how it is read with care."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError, ClassifierError

FORMAT = 1
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
        The arithmetic in which the features for training were computed, ``f32`` or ``bf16``.
    method, cut, head, seed, n_views
        How it was trained.
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
    trained_on: frozenset[bytes]

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
        """Read the record; raise ClassifierError if it is too new or lacks something."""
        try:
            record: dict[str, Any] = json.loads(text)
            version = record.pop("format")
            if version != FORMAT:
                raise ClassifierError(
                    f"it has format {version}, this version of headstart reads format {FORMAT}. Update headstart"
                )
            digests = base64.b64decode(record["trained_on"])
            pieces = (digests[i : i + DIGEST_BYTES] for i in range(0, len(digests), DIGEST_BYTES))
            changed = {
                "spec": BackboneSpec.from_dict(record["spec"]),
                "labels": tuple(record["labels"]),
                "trained_on": frozenset(pieces),
            }
            return cls(**{**record, **changed})
        except (BackboneError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ClassifierError(f"its record cannot be read ({error})") from None


def shorten_digests(digests: Iterable[str]) -> frozenset[bytes]:
    """Return the short form of SHA-256 digests (hex) that `Metadata.trained_on` holds."""
    return frozenset(_shorten(digest) for digest in digests)


def _shorten(digest: str) -> bytes:
    return bytes.fromhex(digest)[:DIGEST_BYTES]
