"""Fetch the runtime that the exported page carries: ONNX Runtime for browsers, from a pinned npm package.

Run it as ``python tools/make_web_runtime.py`` (it needs ``npm``). The package's hash is checked, and the same package
gives the same files, byte for byte. Nothing is fetched when a page is written or opened.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "onnxruntime-web@1.30.0"
PACKAGE_SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
TARGET = Path(__file__).parents[1] / "src/headstart/exports/web"
# the smallest build: one processor core or more, with SIMD; no WebGL or WebGPU
FILES = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def main() -> None:
    """Download, check, and write the files."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not installed.")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "pack", "--silent", "--pack-destination", folder, PACKAGE], check=True)  # noqa: S603
        archive = next(Path(folder).glob("*.tgz"))
        if hashlib.sha256(archive.read_bytes()).hexdigest() != PACKAGE_SHA256:
            raise SystemExit(f"{PACKAGE} is not the pinned package: its sha256 differs.")
        TARGET.mkdir(exist_ok=True)
        with tarfile.open(archive) as packed:
            for name in FILES:
                member = packed.extractfile(f"package/dist/{name}")
                if member is None:
                    raise SystemExit(f"{PACKAGE} has no {name}.")
                _write(name, member.read())


def _write(name: str, data: bytes) -> None:
    if name.endswith(".wasm"):
        name, data = f"{name}.gz", gzip.compress(data, 9, mtime=0)
    else:  # the maps to the sources are not carried
        data = b"\n".join(line for line in data.splitlines() if not line.startswith(b"//# sourceMappingURL"))
    (TARGET / name).write_bytes(data)
    print(f"{name}: {len(data):,} bytes")


if __name__ == "__main__":
    main()
