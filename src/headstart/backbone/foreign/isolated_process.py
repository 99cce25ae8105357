"""Convert a foreign network in a process of its own, so that a crash, a hang or too much memory ends only that process.

The process finds its task in a folder, and writes its answer and the converted network there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from headstart.backbone.backbone import Backbone
from headstart.backbone.foreign.conversion import convert_network
from headstart.backbone.foreign.user_spec import UserSpec
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError, MissingExtraError

LIMIT_S, LIMIT_S_PER_GB = 120.0, 60.0  # a conversion takes 1 to 10 s, each GB about 10 s more
MEMORY_BYTES, MEMORY_PER_BYTE = 6_000_000_000, 10  # per byte of the network, of which memory holds several copies
_TASK, _ANSWER, _NETWORK = "task.json", "answer.json", "network.onnx"
_ERRORS: dict[str, type[BackboneError | MissingExtraError]] = {
    error.__name__: error for error in (BackboneError, MissingExtraError)
}


def convert_in_own_process(path: Path, user_spec: UserSpec, n_bytes: int) -> Backbone:
    """Convert a network as `convert_network` does, but in a process of its own (0.5 s more).

    ``n_bytes`` is the size of all files of the network.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            return _run_process(Path(folder), path, user_spec, n_bytes)
    except OSError as error:
        raise BackboneError(
            f"writing to '{tempfile.gettempdir()}' failed ({error.strerror or error}). Free some space there, or set "
            "TMPDIR to another folder"
        ) from None


def _run_process(folder: Path, path: Path, user_spec: UserSpec, n_bytes: int) -> Backbone:
    (folder / _TASK).write_text(json.dumps({"path": str(path.absolute()), "user_spec": asdict(user_spec)}))
    # -P: a file in the user's working folder may have the name of a module
    limit_s = LIMIT_S + LIMIT_S_PER_GB * n_bytes / 1e9
    command = [sys.executable, "-P", "-m", __name__, str(folder), str(n_bytes)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise BackboneError(f"it cannot be read within {limit_s:.0f} s") from None
    try:
        answer = json.loads((folder / _ANSWER).read_text())
    except (OSError, ValueError):
        raise BackboneError(
            f"the process that reads it crashed (status {done.returncode}): the file is damaged, or has unknown layers"
        ) from None
    if "error" in answer:
        raise _ERRORS[answer["error"]](answer["message"], extra=answer["extra"])
    return Backbone(BackboneSpec.from_dict(answer["spec"]), (folder / _NETWORK).read_bytes())


def _carry_out(folder: Path) -> dict[str, Any]:
    """Carry out the task in a folder, and return the answer to it."""
    task = json.loads((folder / _TASK).read_text())
    entries: dict[str, Any] = {key: tuple(v) if type(v) is list else v for key, v in task["user_spec"].items()}
    try:
        backbone = convert_network(Path(task["path"]), UserSpec(**entries))
        (folder / _NETWORK).write_bytes(backbone.weights)
        return {"spec": backbone.spec.to_dict()}
    except (BackboneError, MissingExtraError) as error:
        kind, message, extra = type(error).__name__, str(error), error.extra
    except MemoryError:
        kind, message, extra = BackboneError.__name__, "it takes too much memory to read", None
    except Exception as error:  # any file can come here, and each library that reads it has errors of its own
        reason = f"{type(error).__name__}: {ascii(str(error))[1:-1]:.80}"
        kind, message, extra = BackboneError.__name__, f"it cannot be read ({reason})", None
    return {"error": kind, "message": message, "extra": extra}


def _limit_memory(n_bytes: int) -> None:
    """Limit the memory of this process, if the system has such limits."""
    with suppress(ImportError, ValueError, OSError):  # Windows, or a lower limit is set already
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, n_bytes))


def main() -> None:
    """Carry out the task in the folder of the first argument, for a network of as many bytes as the second says."""
    folder = Path(sys.argv[1])
    _limit_memory(MEMORY_BYTES + MEMORY_PER_BYTE * int(sys.argv[2]))
    (folder / _ANSWER).write_text(json.dumps(_carry_out(folder)))


if __name__ == "__main__":
    main()
