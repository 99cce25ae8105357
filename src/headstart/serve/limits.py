"""What one request may ask for, and the refusal of what asks for more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for.

    Attributes
    ----------
    file_bytes, body_bytes
        Of one file and of a whole request.
    pixels
        Of one photo as it is stored: 50 million are 150 MB while it is decoded.
    files
        In one request.
    seconds
        From the last byte of the request to the answer.
    waiting
        Photos that wait for the classifier; requests beyond are told to come again.
    """

    file_bytes: int = 20_000_000
    body_bytes: int = 100_000_000
    pixels: int = 50_000_000
    files: int = 64
    seconds: float = 30.0
    waiting: int = 1_024


class Refusal(Exception):  # noqa: N818  it is an answer, not a fault
    """A request that is answered with a 4xx status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
