"""Run the service until a signal stops it; running requests are finished first."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.classifier.classifier import Classifier, load_classifier
from headstart.classifier.precision_note import note_precision
from headstart.classifier.refusal import AUTO, Refuse, say_refusal
from headstart.errors import HeadstartError, ServeError
from headstart.process.packages import make_missing_extra

if TYPE_CHECKING:
    import uvicorn

GRACE_S = 8  # for running requests when the service stops: containers are killed after 10 s
END_S = 2  # for the threads, after the requests


def serve_classifier(
    model: Path, *, host: str, port: int, precision: str, say: Callable[[str], None],
    allow_hosts: Sequence[str] = (), allow_origins: Sequence[str] = (), root_path: str = "", refuse: Refuse = AUTO,
    sets: float | None = None,
) -> None:  # fmt: skip
    """Serve a classifier over HTTP until Ctrl-C or a kill.

    Parameters
    ----------
    allow_hosts, allow_origins
        Further names of the service, and web pages that may send photos; see `Access`.
    root_path
        Path under which a proxy shows the service, such as ``/pets``.
    refuse, sets
        As for `Classifier`.

    Raises
    ------
    ServeError
        If the address cannot be used, or a host or origin is written in a form that never matches.
    """
    try:
        import uvicorn

        from headstart.serve.access import make_access
        from headstart.serve.app import build_app
        from headstart.serve.guarded_protocol import GuardedProtocol
    except ImportError as error:
        raise make_missing_extra("serve a classifier", "serve", str(error.name)) from None
    access = make_access(listens_on=host, hosts=allow_hosts, origins=allow_origins)
    classifier = load_classifier(model, precision=precision, refuse=refuse, sets=sets)
    for note in note_precision(classifier, precision):
        say(f"Note: {note}")
    listener = _listen(host, port)
    app = build_app(classifier, name=model.resolve().name, access=access, root_path=root_path)
    # only errors are logged: each damaged request causes a warning
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    config = uvicorn.Config(
        app, log_level="error", access_log=False, timeout_graceful_shutdown=GRACE_S, server_header=False,
        http=GuardedProtocol, ws="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    # in the main thread uvicorn would replace the signal handlers and raise the signals again at its end
    faults: list[HeadstartError] = []
    thread = threading.Thread(target=_run, args=[server, listener, classifier, faults], name="server", daemon=True)
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        thread.start()
        while thread.is_alive() and not (server.started or stop.wait(0.05)):
            pass  # the classifier answers its first photo: seconds where its engine has to be compiled
        address, port = listener.getsockname()[:2]
        host = f"[{address}]" if ":" in address else address
        if server.started:
            refusal = say_refusal(classifier.rules.refused_share, classifier.metadata.n_novelty_photos)
            say(f"Serving {model.name} at http://{host}:{port} (Ctrl-C stops it). {refusal}")
        while thread.is_alive() and not stop.wait(0.2):
            pass
        server.should_exit = True
        thread.join(GRACE_S + END_S)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
    if faults:
        raise faults[0]
    say("Stopped.")


def _run(server: uvicorn.Server, listener: socket.socket, classifier: Classifier, faults: list[HeadstartError]) -> None:
    """Run the service; note the fault of a classifier that cannot predict, which only a prediction shows."""
    try:
        classifier.predict_pixels(np.zeros((1, 8, 8, 3), np.uint8))
        server.run(sockets=[listener])
    except HeadstartError as error:
        faults.append(error)


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        *kind, _, address = found[0]
        listener = socket.socket(*kind)  # with the protocol TCP, or asyncio keeps Nagle's delay of 40 ms
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()  # from here on clients wait for the service instead of being refused
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ServeError(f"Cannot serve at {host}:{port}: {reason}. Choose another --port or --host.") from None
    return listener
