"""Remove 100 photos from the cache: the seconds of `headstart forget`, whole processes.

The cache is made up: random features of two networks (1,280 and 2,048 numbers), a thumbnail, measures, and the digest
of each photo. The photos are given as a list of digests. The file is written anew without the rows, so the time grows
with the cache, not with the number of forgotten photos.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from harness import Claim, Timing, find_command, publish, run_process, use_empty_cache
from headstart.features.cache_key import join_key
from headstart.features.feature_cache import FILE_NAME, FeatureCache
from headstart.storage.digest_cache import DigestCache

SIZES = (1_000, 10_000, 100_000)
N_FORGOTTEN = 100
N_ROUNDS = 3


def main() -> None:
    """Fill a cache of each size, forget in it, and compare processor seconds with their limits."""
    rows, seconds = [], {}
    with use_empty_cache() as folder:
        for n_photos in SIZES:
            shutil.rmtree(folder / "cache", ignore_errors=True)
            fill_cache(n_photos)
            n_bytes = (folder / "cache" / FILE_NAME).stat().st_size
            timings = [forget(folder, n_photos, number) for number in range(N_ROUNDS)]
            best = seconds[n_photos] = min(timings, key=lambda timing: timing.cpu_seconds)
            rows.append([f"{n_photos:,}", f"{n_bytes / 1e6:,.0f}", f"{best.cpu_seconds:.2f}", f"{best.seconds:.2f}"])
    claims = [
        Claim("10,000 photos, processor seconds", seconds[10_000].cpu_seconds, 2, is_at_least=False),
        Claim(
            "100,000 photos / 10,000 photos, processor seconds",
            seconds[100_000].cpu_seconds / seconds[10_000].cpu_seconds, 12, is_at_least=False,
        ),
    ]  # fmt: skip
    publish(__doc__, ["photos in the cache", "MB", "processor seconds", "seconds"], rows, claims)


def fill_cache(n_photos: int) -> None:
    """Write rows of made-up photos, whose digests are their numbers."""
    generator = np.random.default_rng(0)
    with FeatureCache() as cache, DigestCache() as digests:
        for start in range(0, n_photos, 1_000):
            some = [f"{n:064x}" for n in range(start, min(start + 1_000, n_photos))]
            for network, n_features in (("one", 1_280), ("two", 2_048)):
                features = generator.random((len(some), n_features), np.float32)
                cache.put_many({join_key(d, network): row for d, row in zip(some, features, strict=True)})
            for table, size in (("thumbnails", 1_024), ("measures", 32)):
                cache.put_rows(table, {join_key(digest, table): generator.bytes(size) for digest in some})
            digests.remember({f"/photos/{digest}.jpg": ("1 2 3 4 5", digest) for digest in some})


def forget(folder: Path, n_photos: int, number: int) -> Timing:
    """Forget photos of the cache that are spread over it, and others each time."""
    step = n_photos // N_FORGOTTEN
    chosen = folder / "list.txt"
    chosen.write_text("".join(f"{n * step + number:064x}\n" for n in range(N_FORGOTTEN)))
    out = folder / f"statement-{n_photos}-{number}.json"
    return run_process([find_command(), "forget", "--list", chosen, "--runs", folder / "cache", "--out", out, "--json"])


if __name__ == "__main__":
    main()
