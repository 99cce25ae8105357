"""A foreign network is read in a process of its own: what crashes, hangs or takes all memory takes nothing along."""

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

from headstart.backbone.foreign.conversion import convert_network
from headstart.backbone.foreign.user_spec import UserSpec
from headstart.backbone.spec import BackboneSpec
from headstart.errors import BackboneError, MissingExtraError

LONGEST_S = 300.0
MEMORY_BYTES, MEMORY_PER_BYTE = 6_000_000_000, 10  # of the network's file, for it is in memory several times
_TASK, _ANSWER, _NETWORK = "task.json", "answer.json", "network.onnx"
_ERRORS: dict[str, type[BackboneError | MissingExtraError]] = {
    error.__name__: error for error in (BackboneError, MissingExtraError)
}


def convert_in_own_process(path: Path, user_spec: UserSpec, n_bytes: int) -> tuple[BackboneSpec, bytes]:
    """Do as `convert_network` (half a second longer).

    Parameters
    ----------
    n_bytes
        That the network has in all its files.

    Raises
    ------
    BackboneError, MissingExtraError
        As `convert_network`; and if it takes too long or too much memory, or the engine breaks on it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
            return _ask(Path(folder), path, user_spec, n_bytes)
    except OSError as error:
        raise BackboneError(
            f"nothing can be written to '{tempfile.gettempdir()}' ({error.strerror or error}). Make room there, or set "
            "TMPDIR to a folder that has some"
        ) from None


def _ask(folder: Path, path: Path, user_spec: UserSpec, n_bytes: int) -> tuple[BackboneSpec, bytes]:
    """Have a process of its own carry out the task, in a folder."""
    (folder / _TASK).write_text(json.dumps({"path": str(path.absolute()), "own": asdict(user_spec)}))
    # -P: a file of the user's in the working folder may have the name of a module
    command = [sys.executable, "-P", "-m", __name__, str(folder), str(n_bytes)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise BackboneError(f"it cannot be read within {LONGEST_S:.0f} s") from None
    try:
        answer = json.loads((folder / _ANSWER).read_text())
    except (OSError, ValueError):
        raise BackboneError(
            f"what reads it broke off (status {done.returncode}): it is damaged, or has layers that are not known"
        ) from None
    if "error" in answer:
        raise _ERRORS[answer["error"]](answer["message"])
    return BackboneSpec.from_dict(answer["spec"]), (folder / _NETWORK).read_bytes()


def _answer(folder: Path) -> dict[str, Any]:
    """Carry out the task that lies in a folder."""
    task = json.loads((folder / _TASK).read_text())
    said: dict[str, Any] = {key: tuple(v) if type(v) is list else v for key, v in task["own"].items()}
    try:
        spec, network = convert_network(Path(task["path"]), UserSpec(**said))
        (folder / _NETWORK).write_bytes(network)
    except (BackboneError, MissingExtraError) as error:
        return {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        return {"error": BackboneError.__name__, "message": "it takes too much memory to read"}
    except Exception as error:  # a file from anywhere, and several libraries that read it
        told = f"{type(error).__name__}: {ascii(str(error))[1:-1]:.80}"
        return {"error": BackboneError.__name__, "message": f"it cannot be read ({told})"}
    return {"spec": spec.to_dict()}


def _limit_memory(n_bytes: int) -> None:
    """Let this process have no more memory than that, where the system has such limits."""
    with suppress(ImportError, ValueError, OSError):  # Windows; a limit that is lower already
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, n_bytes))


def main() -> None:
    """Answer the task in the folder that the command line names, beside the size of the network."""
    folder = Path(sys.argv[1])
    _limit_memory(MEMORY_BYTES + MEMORY_PER_BYTE * int(sys.argv[2]))
    (folder / _ANSWER).write_text(json.dumps(_answer(folder)))


if __name__ == "__main__":
    main()
