"""Give the program thousands of damaged files, and name those that it does not answer with a documented error.

    python tools/fuzz [--photos 20000] [--classifiers 1000] [--sources 1000] [--seed 0] [--case photos:17]

Every case follows from the seed and its number alone. A case fails if it raises an undocumented error, takes over 10 s,
takes over 2 GB, or ends its process. The bytes of failed cases are kept in fuzz-failures/.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from targets import TARGETS
from worker import Outcome, run_cases

MAX_SECONDS, MAX_BYTES = 10.0, 2_000_000_000
START_S = 600.0  # for the first case: the seeds are made before it, five trainings
FAILURES = Path("fuzz-failures")


def watch(target: str, seed: int, numbers: range, folder: Path, progress: Progress) -> list[Outcome]:
    """Run cases in worker processes; one that hangs or ends is replaced and its case noted as a fault."""
    outcomes: list[Outcome] = []
    bar = progress.add_task(target, total=len(numbers))
    spawn = multiprocessing.get_context("spawn")
    left = numbers
    while left:
        ours, theirs = spawn.Pipe(duplex=False)
        worker = spawn.Process(target=run_cases, args=(target, seed, left, folder, theirs))
        worker.start()
        theirs.close()
        current, limit, is_over = left[0] - 1, START_S, False
        try:
            while ours.poll(limit):
                message = ours.recv()
                if message is None:
                    is_over = True
                    break
                limit = MAX_SECONDS + 2
                if isinstance(message, Outcome):
                    outcomes.append(judge(message))
                    progress.advance(bar)
                else:
                    current = message
            problem = "takes over 10 s"
        except EOFError:
            problem = "ended its process"
        worker.kill()
        worker.join()
        if is_over:
            break
        if current < left[0]:
            raise SystemExit(f"The seeds of {target} cannot be made (exit status {worker.exitcode}).")
        outcomes.append(Outcome(current, problem, True, MAX_SECONDS, 0))
        progress.advance(bar)
        left = range(current + 1, numbers.stop)
    return outcomes


def judge(outcome: Outcome) -> Outcome:
    """Return the outcome, as a fault if it took too long or too much."""
    if outcome.seconds > MAX_SECONDS:
        return Outcome(outcome.number, f"takes {outcome.seconds:.0f} s", True, outcome.seconds, outcome.peak_bytes)
    if outcome.peak_bytes > MAX_BYTES:
        text = f"takes {outcome.peak_bytes / 1e9:.1f} GB"
        return Outcome(outcome.number, text, True, outcome.seconds, outcome.peak_bytes)
    return outcome


def keep_failures(target: str, seed: int, outcomes: list[Outcome], folder: Path) -> None:
    """Write the bytes of failed cases, and print what happened."""
    attacked = TARGETS[target](folder)
    FAILURES.mkdir(exist_ok=True)
    for outcome in outcomes:
        name, data = attacked.make_case(seed, outcome.number)
        path = FAILURES / f"{target}-{seed}-{outcome.number}-{name.replace('/', '-')}"
        path.write_bytes(data)
        print(f"  {path}: {outcome.text}")


def main() -> None:
    """Run all cases and exit with 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for target, number in (("photos", 20_000), ("classifiers", 1_000), ("sources", 1_000)):
        parser.add_argument(f"--{target}", type=int, default=number, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", metavar="TARGET:NUMBER", help="run one case here, with its traceback")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headstart-fuzz-") as temporary:
        folder = Path(temporary)
        os.environ["HEADSTART_CACHE"] = str(folder / "cache")
        if options.case:
            target, _, number = options.case.partition(":")
            attacked = TARGETS[target](folder)
            attacked.attack(*attacked.make_case(options.seed, int(number)))
            return
        n_faults = 0
        for target in [name for name in TARGETS if getattr(options, name)]:
            started = time.monotonic()
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns) as progress:
                outcomes = watch(target, options.seed, range(getattr(options, target)), folder, progress)
            faults = [outcome for outcome in outcomes if outcome.is_fault]
            counts = Counter(outcome.text for outcome in outcomes if not outcome.is_fault)
            told = ", ".join(f"{text} {n:,}" for text, n in counts.most_common())
            slowest = max((outcome.seconds for outcome in outcomes), default=0)
            peak = max((outcome.peak_bytes for outcome in outcomes), default=0)
            print(f"{target}: {len(outcomes):,} cases in {time.monotonic() - started:.0f} s ({told}); "
                  f"slowest {slowest:.1f} s, largest {peak / 1e6:,.0f} MB, faults {len(faults)}")  # fmt: skip
            if faults:
                keep_failures(target, options.seed, faults, folder)
            n_faults += len(faults)
    raise SystemExit(min(n_faults, 1))


if __name__ == "__main__":
    main()
