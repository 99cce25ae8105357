"""One photo: the time of short commands.

`headstart predict` with one photo, `headstart --help` and `import headstart`, each in its own process, beside a process
that imports numpy and pandas and one that does nothing. The classifier was opened on this machine before, as from the
second prediction on.
"""

from __future__ import annotations

import sys
from pathlib import Path

from harness import Claim, find_command, publish, read_options, repeat_in_turn, run_process, use_empty_cache

N_ROUNDS = 15


def main() -> None:
    """Train once, then time the short processes in turn."""
    data: Path = read_options(__doc__)
    photo = next(iter(sorted(data.rglob("*.jpg"))))
    with use_empty_cache() as folder:
        run_process([find_command(), "train", data, "--out", folder / "run"])
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import headstart'": [sys.executable, "-c", "import headstart"],
            "python -c 'import numpy, pandas'": [sys.executable, "-c", "import numpy, pandas"],
            "headstart --help": [find_command(), "--help"],
            "headstart predict RUN PHOTO": [find_command(), "predict", folder / "run", photo],
        }
        for command in commands.values():
            run_process(command)
        seconds = repeat_in_turn(
            {name: lambda command=command: run_process(command).seconds for name, command in commands.items()}, N_ROUNDS
        )
    nothing, ours, pandas, usage, answer = seconds.values()
    claims = [
        Claim("predict / importing numpy and pandas", answer / pandas, 1.5, is_at_least=False),
        Claim("--help / importing numpy and pandas", usage / pandas, 0.6, is_at_least=False),
        Claim("import headstart, milliseconds more than nothing", 1000 * (ours - nothing), 100, is_at_least=False),
    ]
    publish(__doc__, ["command", "ms"], [[f"`{name}`", f"{1000 * s:.0f}"] for name, s in seconds.items()], claims)


if __name__ == "__main__":
    main()
