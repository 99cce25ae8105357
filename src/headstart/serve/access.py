"""Which hosts a request may name, and which web pages may send requests: a web page must not reach the service unasked.

Browsers let any page send a form to this machine (cross-site request forgery), and a page whose name is made to point
here (DNS rebinding) may read the answers too. The name that a browser thinks it talks to is in the header Host, and the
page that sends is in Origin and Sec-Fetch-Site, which a page cannot change.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from headstart.errors import ServeError
from headstart.serve.body_limit_middleware import App, Receive, Send, send_error

ANY = "*"
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Access:
    """Names of the service that a request may give as Host, and origins of other web pages that may send photos.

    A host is lower-case and without a port; ``*.example.org`` stands for all names below a domain, ``*`` for all names.
    IP addresses and ``localhost`` are always allowed: no DNS can make them another site's name. An origin is as
    browsers send it, ``https://example.org``; ``*`` stands for all.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    def allows_host(self, host: str) -> bool:
        """Return whether a request may have this header Host, with or without a port."""
        name = split_port(host).lower().removesuffix(".")
        if name in ("", "localhost") or name in self.hosts or ANY in self.hosts or _is_address(name):
            return True
        _, _, domain = name.partition(".")
        return name.endswith(".localhost") or any(
            name.endswith(allowed[1:]) for allowed in self.hosts if allowed.startswith("*.") and domain
        )

    def allows_origin(self, origin: str | None, host: str, fetch_site: str | None) -> bool:
        """Return whether a page may send a request that is more than a look; None: the header is missing."""
        if origin is not None and (ANY in self.origins or origin in self.origins):
            return True
        if fetch_site is not None:  # of newer browsers; right even if a proxy has changed Host
            return fetch_site in ("same-origin", "none")
        return origin is None or origin.partition("://")[2].lower() == host.lower()


def make_access(*, listens_on: str, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> Access:
    """Return the access of a service that listens on a host name or address.

    To the given hosts, ``listens_on`` and the names of this machine are added.

    Raises
    ------
    ServeError
        If a host or an origin is written in a form that would never match.
    """
    for host in hosts:
        if host != ANY and not (_HOST.fullmatch(host.lower()) or _is_address(host)):
            raise ServeError(
                f"Cannot allow the host '{host}': need a name such as pets.example.org, *.example.org or *. "
                "Give it without http:// and without a port."
            )
    for origin in origins:
        if origin not in (ANY, "null") and not _ORIGIN.fullmatch(origin):
            raise ServeError(
                f"Cannot allow the origin '{origin}': need the scheme and host of web pages in lower case, such as "
                "https://example.org or http://localhost:3000, or *. Give it without a path and without a / at its end."
            )
    machine = socket.gethostname().lower()
    own = {listens_on.lower(), machine, f"{machine.partition('.')[0]}.local"} - {""}
    return Access(frozenset(own.union(host.lower().removesuffix(".") for host in hosts)), frozenset(origins))


def split_port(host: str) -> str:
    """Return a header Host without its port; the brackets of an IPv6 address are removed."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


class AccessGuard:
    """Answers requests that the access does not allow with 403 and a sentence that names the option."""

    def __init__(self, app: App, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or reject it."""
        sentence = self._find_rejection(scope) if scope["type"] == "http" else None
        if sentence is None:
            await self._app(scope, receive, send)
        else:
            await send_error(send, 403, sentence)

    def _find_rejection(self, scope: MutableMapping[str, Any]) -> str | None:
        fields = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = fields.get(b"host", ""), fields.get(b"origin")
        if not self._access.allows_host(host):
            return f"The service does not answer as host '{host[:80]}'. Start it with --allow-host to allow this name."
        if scope["method"] in _SAFE_METHODS or self._access.allows_origin(origin, host, fields.get(b"sec-fetch-site")):
            return None
        return (
            f"Web pages of {(origin or 'other sites')[:80]} may not send photos to the service. "
            "Start it with --allow-origin to allow this origin."
        )
