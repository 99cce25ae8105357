"""Files of web servers, read whole and to their end; what a server does wrong is told as what it is.

fsspec opens the connections (its settings hold: proxies, passwords), aiohttp reads. pyarrow and fsspec's own files
would report every error as a missing file, and give a part of the file where a server sends it in parts.
"""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from headstart.process.packages import make_missing_extra

if TYPE_CHECKING:
    from aiohttp import ClientResponse

STALL_S = 10.0  # for the connection, and between two pieces
TOTAL_S = 60.0  # for a file with a limit, such as a photo
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


def read_web_file(address: str, max_bytes: int, total_s: float | None = TOTAL_S) -> bytes:
    """Return the bytes of a file on a web server; of a larger one the first ``max_bytes + 1``.

    Raises
    ------
    FileNotFoundError
        If the server says that the file does not exist.
    OSError
        If the server cannot be reached, answers with an error, ends too early, or takes longer than ``total_s`` or
        `STALL_S`; the message is the reason.
    """

    async def read(file_system: Any) -> bytes:
        data = bytearray()
        async with _ask(file_system, address, total_s) as answer:
            async for piece in answer.content.iter_any():
                data += piece
                if len(data) > max_bytes:
                    break
            return bytes(data[: max_bytes + 1])

    data: bytes = _run(address, read)
    return data


def has_web_file(address: str) -> bool:
    """Return whether a file exists on a web server; raise OSError, as `read_web_file` does, if that stays unknown."""

    async def look(file_system: Any) -> None:
        async with _ask(file_system, address, TOTAL_S):
            pass

    try:
        _run(address, look)
    except FileNotFoundError:
        return False
    return True


@lru_cache(maxsize=64)
def open_web(root: str) -> Any:
    """Return fsspec's file system of a web server; raise MissingExtraError if a package is missing."""
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(root)[0]
    except ImportError as error:
        raise make_missing_extra(f"open '{root}'", "remote", error.name or "fsspec") from None


@asynccontextmanager
async def _ask(file_system: Any, address: str, total_s: float | None) -> AsyncIterator[ClientResponse]:
    from aiohttp import ClientTimeout

    session = await file_system.set_session()
    timeout = ClientTimeout(total=total_s, sock_connect=STALL_S, sock_read=STALL_S)
    async with session.get(file_system.encode_url(address), timeout=timeout, **file_system.kwargs) as answer:
        answer.raise_for_status()
        yield answer


def _run(address: str, work: Any) -> Any:
    """Run the coroutine function on fsspec's loop; each failure becomes an OSError."""
    scheme, _, rest = address.partition("://")
    file_system = open_web(f"{scheme}://{rest.partition('/')[0]}")
    from aiohttp import ClientError
    from fsspec.asyn import sync

    try:
        return sync(file_system.loop, work, file_system)
    except (OSError, ClientError, ValueError) as error:  # ValueError: of an address that cannot be parsed
        raise _explain(error, address) from None


def _explain(error: Exception, address: str) -> OSError:
    import aiohttp

    if isinstance(error, TimeoutError):
        return OSError("the server takes too long")
    if isinstance(error, aiohttp.TooManyRedirects):
        return OSError("the server redirects in a loop")
    if isinstance(error, aiohttp.ClientResponseError):
        if error.status in _GONE:
            return FileNotFoundError(errno.ENOENT, "does not exist", address)
        return OSError(f"the server answers {error.status} {error.message}".rstrip())
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return OSError("the name of the server is not known")
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return OSError("the server refuses the connection")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return OSError("the server closes the connection without an answer")
    if isinstance(error, aiohttp.ClientPayloadError):
        return OSError("the server ends before the end of the file")
    if isinstance(error, aiohttp.InvalidURL):
        return OSError("the address is not valid")
    return OSError((str(error).splitlines() or [type(error).__name__])[0])
