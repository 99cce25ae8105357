"""The second training on the same photos: the time that remains when all features are cached.

Whole processes, from the command to the written report: `headstart train` with an empty cache, and again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from harness import Claim, find_command, publish, read_options, repeat_in_turn, run_process, use_empty_cache

N_ROUNDS = 5


def main() -> None:
    """Train cold and warm in turn, at the default size."""
    data: Path = read_options(__doc__)
    with use_empty_cache() as folder:
        command = [find_command(), "train", data, "--out", folder / "run", "--overwrite"]

        def train_cold() -> float:
            shutil.rmtree(folder / "cache", ignore_errors=True)
            return run_process(command).seconds

        run_process(command)
        seconds = repeat_in_turn({"cold": train_cold, "warm": lambda: run_process(command).seconds}, N_ROUNDS)
    claims = [
        Claim("warm / cold", seconds["warm"] / seconds["cold"], 1 / 3, is_at_least=False),
        Claim("warm, seconds", seconds["warm"], 4, is_at_least=False),
    ]
    publish(__doc__, ["training", "seconds"], [[name, f"{value:.2f}"] for name, value in seconds.items()], claims)


if __name__ == "__main__":
    main()
