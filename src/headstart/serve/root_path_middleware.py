"""A middleware for a service behind a proxy, under a path of its own."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from headstart.serve.body_limit_middleware import App, Receive, Send


class RootPath:
    """Tells the application under which path clients see it, whether or not the proxy has removed the path.

    uvicorn's own option adds the path to each request, also where the proxy has left it there.
    """

    def __init__(self, app: App, root_path: str) -> None:
        self._app, self._root = app, root_path

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and self._root:
            path = scope["path"]
            is_whole = path == self._root or path.startswith(f"{self._root}/")
            scope = {**scope, "root_path": self._root, "path": path if is_whole else self._root + path}
        await self._app(scope, receive, send)


def clean_root_path(text: str) -> str:
    """Return a path as ASGI needs it: with a slash before it and none behind it; empty for the root.

    Examples
    --------
    >>> clean_root_path("pets/"), clean_root_path("/")
    ('/pets', '')
    """
    inside = text.strip("/")
    return f"/{inside}" if inside else ""
