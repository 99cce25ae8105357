"""The server: its speed with 32 clients, against the speed of the classifier, and its behaviour under bad requests.

Clients and server share the cores of this machine. 32 open HTTP/1.1 connections send one photo per request, one after
another; for comparison the classifier predicts the same files in one process. Then one client runs alone. The last test
sends 10,000 requests, a tenth of them malformed.
"""

from __future__ import annotations

import asyncio
import io
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
from PIL import Image

import headstart as hs
from harness import Claim, find_command, publish, read_options, run_process, use_empty_cache

N_CLIENTS, N_PHOTOS, N_ROUNDS = 32, 1_000, 3
N_REQUESTS, SHARE_MALFORMED = 10_000, 0.1
BOUNDARY = b"headstart-benchmark"


def write_request(data: bytes, name: str = "photo.jpg", *, path: str = "/predict", claims: int | None = None) -> bytes:
    """Return the bytes of a request with one file."""
    body = b"".join(
        [
            b"--", BOUNDARY, b'\r\nContent-Disposition: form-data; name="files"; filename="', name.encode(),
            b'"\r\nContent-Type: image/jpeg\r\n\r\n', data, b"\r\n--", BOUNDARY, b"--\r\n",
        ]
    )  # fmt: skip
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n"
        f"Content-Length: {len(body) if claims is None else claims}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> int:
        """Send a request and return the status of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        if b"connection: close" in head.lower() or not length:
            self.close()
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def ask_all(port: int, requests: list[bytes], n_clients: int) -> tuple[Counter[int], list[float], float]:
    """Return the statuses of the answers, the seconds of each, and the seconds of all."""
    waiting, statuses, seconds = list(reversed(requests)), Counter(), []

    async def work() -> None:
        client = Client(port)
        while waiting:
            request = waiting.pop()
            began = time.perf_counter()
            try:
                statuses[await client.ask(request)] += 1
            except (OSError, asyncio.IncompleteReadError):  # a request that claims what it does not send is cut off
                statuses[0] += 1
                client.close()
            seconds.append(time.perf_counter() - began)
        client.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(n_clients)))
    return statuses, seconds, time.perf_counter() - began


def make_malformed(photo: bytes) -> list[bytes]:
    """Return requests that are wrong in every way: type, truncated, claim, bomb, nothing."""
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    return [
        write_request(b"this is no photo"), write_request(photo[: len(photo) // 3]), write_request(bomb.getvalue()),
        write_request(b""), write_request(photo, claims=10**12),
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
    ]  # fmt: skip


def main() -> None:
    """Train once, serve, and ask."""
    data: Path = read_options(__doc__)
    with use_empty_cache() as folder:
        run_process([find_command(), "train", data, "--method", "fixed", "--out", folder / "run"])
        paths = sorted(data.rglob("*.jpg"))[:N_PHOTOS]
        photos = [path.read_bytes() for path in paths]
        model = hs.load(folder / "run")
        model.predict(paths[:64])
        command = [sys.executable, "-m", "headstart", "serve", str(folder / "run"), "--port", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            try:
                port = int(re.search(r":(\d+) ", server.stderr.readline())[1])
                rows, claims = measure(port, server.pid, model, paths, photos)
            finally:
                server.terminate()
    publish(__doc__, ["what", "value"], rows, claims)


def measure(
    port: int, pid: int, model: hs.Classifier, paths: list[Path], photos: list[bytes]
) -> tuple[list[list[str]], list[Claim]]:
    """Return the rows of the table, and the claims."""
    requests = [write_request(photo) for photo in photos]
    asyncio.run(ask_all(port, requests[:100], N_CLIENTS))
    ratios, rates = [], []
    for _ in range(N_ROUNDS):
        began = time.perf_counter()
        model.predict(paths)
        own = len(paths) / (time.perf_counter() - began)
        _, _, seconds = asyncio.run(ask_all(port, requests, N_CLIENTS))
        rates.append((own, len(requests) / seconds))
        ratios.append(rates[-1][1] / own)
    _, alone, _ = asyncio.run(ask_all(port, requests[:500], 1))
    ranked = sorted(alone)
    p50, p99 = (1000 * ranked[int(share * len(ranked))] for share in (0.5, 0.99))
    process = psutil.Process(pid)
    malformed, draw = make_malformed(photos[0]), random.Random(0)  # noqa: S311  no secret
    mixed = [
        draw.choice(malformed) if draw.random() < SHARE_MALFORMED else draw.choice(requests) for _ in range(N_REQUESTS)
    ]
    asyncio.run(ask_all(port, mixed[:2_000], N_CLIENTS))
    before = process.memory_info().rss / 1e6
    statuses, _, _ = asyncio.run(ask_all(port, mixed, N_CLIENTS))
    after = process.memory_info().rss / 1e6
    health = asyncio.run(Client(port).ask(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    own, served = (statistics.median(column) for column in zip(*rates, strict=True))
    rows = [
        ["photos per second, the classifier by itself", f"{own:.0f}"],
        [f"photos per second, {N_CLIENTS} clients", f"{served:.0f}"],
        ["one client, median", f"{p50:.1f} ms"],
        ["one client, 99th percentile", f"{p99:.1f} ms"],
        [f"answers to {N_REQUESTS:,} requests, {SHARE_MALFORMED:.0%} malformed", _tell(statuses)],
        ["memory before and after them", f"{before:.0f} and {after:.0f} MB"],
    ]  # fmt: skip
    return rows, [
        Claim("photos per second under 32 clients / the classifier's own", statistics.median(ratios), 0.7),
        Claim("one client, 99th percentile / median", p99 / p50, 3.0, is_at_least=False),
        Claim(
            "answers with a 5xx status", sum(n for status, n in statuses.items() if status >= 500), 0, is_at_least=False
        ),
        Claim("memory after 10,000 requests / before", after / before, 1.05, is_at_least=False),
        Claim("health after all of it (200)", float(health), 200, is_at_least=False),
    ]


def _tell(statuses: Counter[int]) -> str:
    words = {0: "cut off"}
    return ", ".join(f"{n:,} {words.get(status, status)}" for status, n in sorted(statuses.items()))


if __name__ == "__main__":
    main()
