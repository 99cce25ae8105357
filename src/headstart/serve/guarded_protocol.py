"""HTTP/1.1 connections with limits: bytes of a request head, seconds for the head, the body and the answer.

uvicorn has no such limits for its fast parser. Its other parser, h11, limits the bytes of a head but not the times.
"""

from __future__ import annotations

import asyncio
import enum
import json

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

_BODY_FIELDS = (b"content-length", b"transfer-encoding")


class _Phase(enum.Enum):
    IDLE = enum.auto()  # between two requests: uvicorn's own limit of 5 seconds holds
    HEAD = enum.auto()
    BODY = enum.auto()
    ANSWER = enum.auto()
    REST = enum.auto()  # of a body after its answer
    END = enum.auto()  # closed by the service, but the client has not read everything


class GuardedProtocol(HttpToolsProtocol):
    """One connection; a client that is too slow or sends too long a head gets a sentence, and the connection ends.

    Attributes
    ----------
    max_head_bytes
        Bytes of the address and all header fields of a request, trailers included.
    head_s
        Seconds from the connection, or the first byte, to the end of the head.
    stall_s
        Seconds without any byte of a body.
    body_s
        Seconds for a whole body.
    answer_s
        Seconds from the end of the request until the client has taken the answer. The service has its own, shorter
        limit for the work.
    rest_s
        Seconds for the rest of a body that was rejected; its bytes are dropped.
    """

    max_head_bytes = 64_000
    head_s, stall_s, body_s, answer_s, rest_s = 10.0, 10.0, 120.0, 60.0, 5.0

    _phase = _Phase.IDLE
    _timer: asyncio.TimerHandle | None = None
    _asks_upgrade = False
    _n_head = 0  # bytes of this request's head
    _n_events = 0  # callbacks of the parser
    _n_silent = 0  # bytes since the last callback: of a header field that has not ended
    _n_body = _n_body_before = 0
    _body_ends = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Start the time for the first head."""
        super().connection_made(transport)
        self._enter(_Phase.HEAD, self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._enter(_Phase.IDLE, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes; reject a head that exceeds the limit before it ends."""
        if self._phase is _Phase.IDLE:
            self._enter(_Phase.HEAD, self.head_s)
        before = self._n_events
        super().data_received(data)
        self._n_silent = self._n_silent + len(data) if self._n_events == before else 0
        if self._n_silent > self.max_head_bytes and not self.transport.is_closing():
            self._reject_head()

    def on_message_begin(self) -> None:
        """Start to count a request."""
        super().on_message_begin()
        self._n_head = self._n_body = self._n_body_before = 0
        if self._phase is not _Phase.HEAD:
            self._enter(_Phase.HEAD, self.head_s)

    def on_url(self, url: bytes) -> None:
        """Count the address."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header field."""
        self._count_head(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the time for the body."""
        if self.parser.should_upgrade() and any(name in _BODY_FIELDS for name, _ in self.headers):
            self._asks_upgrade = True
            raise ValueError("an upgrade")  # the parser would skip the body; as for a long head
        super().on_headers_complete()
        self._body_ends = self.loop.time() + self.body_s
        self._enter(_Phase.BODY, min(self.stall_s, self.body_s))

    def on_body(self, body: bytes) -> None:
        """Count a piece of the body."""
        self._n_events += 1
        self._n_body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Start the time for the answer."""
        self._n_events += 1
        super().on_message_complete()
        self._n_head = 0
        if self.cycle.response_complete:  # before the end of the body: uvicorn's limit for idle connections is off
            self._enter(_Phase.HEAD, self.head_s)
        else:
            self._enter(_Phase.ANSWER, self.answer_s)

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the client to take the answer."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._enter(_Phase.END, self.answer_s)
        elif self._phase is _Phase.BODY:  # answered before the end of the body
            # clients that send the whole body before they read get the answer only if the body is taken, not cut off
            self._enter(_Phase.REST, self.rest_s)
        elif self._phase is _Phase.ANSWER:
            is_last = self.cycle.response_complete  # or the next request was sent without waiting for the answer
            self._enter(*((_Phase.IDLE, None) if is_last else (_Phase.ANSWER, self.answer_s)))

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection."""
        super().timeout_keep_alive_handler()
        self._enter(_Phase.END, self.answer_s)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  uvicorn's text
        """Answer a request that cannot be parsed, in the form of all errors."""
        if self._n_head > self.max_head_bytes:
            self._reject_head()
        elif self._asks_upgrade:
            self._reject(400, "The request asks for another protocol (Upgrade), need plain HTTP/1.1.")
        else:
            self._reject(400, "The request is no valid HTTP/1.1.")

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: a request without a body is answered as if it did not ask for another protocol."""

    def _count_head(self, n_bytes: int) -> None:
        self._n_events += 1
        self._n_head += n_bytes
        if self._n_head > self.max_head_bytes:
            raise ValueError("too long a head")  # the parser stops, and uvicorn calls `send_400_response`

    def _enter(self, phase: _Phase, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._phase = phase
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._end_phase)

    def _end_phase(self) -> None:
        if self._phase in (_Phase.ANSWER, _Phase.END):
            self.transport.abort()
            return
        left_s = self._body_ends - self.loop.time()
        if (
            self.flow.read_paused and self._phase is not _Phase.REST
        ):  # the service does not read at the moment, so the client cannot send
            self._enter(self._phase, self.stall_s)
        elif self._phase is _Phase.BODY and self._n_body > self._n_body_before and left_s > 0:
            self._n_body_before = self._n_body
            self._enter(_Phase.BODY, min(self.stall_s, left_s))
        elif self._phase is _Phase.BODY:
            self._reject(408, f"The body takes too long, need it within {self.body_s:g} s without a long pause.")
        elif self._phase is _Phase.HEAD and (self._n_head or self._n_silent):
            self._reject(408, f"The head of the request takes too long, need it within {self.head_s:g} s.")
        else:  # an idle connection, or a body that goes on after its answer
            self.transport.close()
            self._enter(_Phase.END, self.answer_s)

    def _reject_head(self) -> None:
        self._reject(431, f"The head of the request is too large, need at most {self.max_head_bytes / 1000:g} kB.")

    def _reject(self, status: int, sentence: str) -> None:
        """Answer and close the connection; only close it if the application has begun an answer."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = json.dumps({"error": sentence}).encode()
            fields = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[status] + fields + body)
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self._enter(_Phase.END, self.answer_s)
