"""The limits of a request and of the service, and the rejection of a request that exceeds them."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.pixels.limits import DecodingLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one request, and of all requests together.

    Attributes
    ----------
    max_bytes_in_flight
        Bytes of all bodies that are received and not answered yet. Further requests are answered with 503.
    max_pixels
        Size of one photo before it is scaled.
    max_decoding_bytes
        Memory that decoding one photo takes. It depends on the format: JPEG shrinks meanwhile, and takes the least.
    timeout_s
        Seconds from the last byte of the request to the answer.
    max_waiting
        Number of photos that wait for the classifier. Further requests are answered with 429.
    """

    max_file_bytes: int = 20_000_000
    max_body_bytes: int = 100_000_000
    max_bytes_in_flight: int = 250_000_000
    max_pixels: int = 50_000_000
    max_decoding_bytes: int = 150_000_000
    max_files: int = 64
    timeout_s: float = 30.0
    max_waiting: int = 1_024

    @property
    def decoding(self) -> DecodingLimits:
        """Limits for decoding one photo."""
        return DecodingLimits(max_pixels=self.max_pixels, max_bytes=self.max_decoding_bytes)


class Rejection(Exception):  # noqa: N818  an answer, not a failure of the service
    """A request that is answered with a status such as 422 and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
