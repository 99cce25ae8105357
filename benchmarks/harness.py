"""What the benchmarks share: processes timed from outside, claims with a verdict, tables in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
DATA = Path(os.environ.get("HEADSTART_TEST_DATA", "photos"))  # the folder of several sets of photos
PHOTOS = DATA / "cats-dogs"
LOAD = os.getloadavg()[0] if hasattr(os, "getloadavg") else None  # of other programs, before this one adds its own
HEADER = """# Benchmarks

The benchmark in each heading writes its table (`make bench`, or `make bench ONLY="limit warm"`). Most claims are
ratios of two times measured in turn, in one run on one machine; the benchmark fails if a claim does not hold. Seconds
and megabytes depend on the named machine; ratios depend on it less. Headstart runs with its default settings, which
means bf16 on this machine; its rivals run in float32, their default.
"""


@dataclass(frozen=True)
class Timing:
    """One finished process: wall-clock seconds, processor seconds, peak memory in MB, and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


@dataclass(frozen=True)
class Claim:
    """A ratio and the limit that it must keep."""

    text: str
    value: float
    limit: float
    is_at_least: bool = True

    @property
    def is_held(self) -> bool:
        """Whether the value keeps the limit."""
        return self.value >= self.limit if self.is_at_least else self.value <= self.limit

    def describe(self) -> str:
        """Return the claim, the value and the verdict in a line."""
        verdict = "held" if self.is_held else "**NOT HELD**"
        return (
            f"{self.text}: {self.value:.3g} ({'at least' if self.is_at_least else 'at most'} {self.limit:g}): {verdict}"
        )


def run_process(command: Sequence[object], **variables: str) -> Timing:
    """Run a command to its end and time it; stop the benchmark with its own words if it fails."""
    environment = {**os.environ, "HEADSTART_CACHE": os.environ.get("HEADSTART_CACHE", ""), **variables}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdout=output, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{errors.read().decode(errors='replace')[-2000:]}")
        per_mb = 1024 if sys.platform.startswith("linux") else 1 << 20  # in kilobytes there, in bytes on a Mac
        cpu_seconds = usage.ru_utime + usage.ru_stime
        return Timing(seconds, cpu_seconds, usage.ru_maxrss / per_mb, output.read().decode(errors="replace"))


def repeat_in_turn(runs: Mapping[str, Callable[[], float]], n_rounds: int) -> dict[str, float]:
    """Measure several things in turn, round by round, and return the median of each."""
    measured: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(n_rounds):
        for name, run in runs.items():
            measured[name].append(run())
    return {name: statistics.median(values) for name, values in measured.items()}


@contextmanager
def use_empty_cache() -> Iterator[Path]:
    """Give a folder to work in, and let every process that is started below keep its cache there."""
    before = os.environ.get("HEADSTART_CACHE")
    with tempfile.TemporaryDirectory(prefix="headstart-bench-") as folder:
        os.environ["HEADSTART_CACHE"] = str(Path(folder, "cache"))
        try:
            yield Path(folder)
        finally:
            os.environ.pop("HEADSTART_CACHE")
            if before is not None:
                os.environ["HEADSTART_CACHE"] = before


def find_command() -> str:
    """Return the ``headstart`` command of the environment that runs the benchmark."""
    return str(Path(sys.executable).with_name("headstart"))


def read_options(text: str) -> Path:
    """Read the command line: the folder of photos, with training_set/ and test_set/ in it."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "data", type=Path, nargs="?", default=PHOTOS, metavar="DATA", help="photos [$HEADSTART_TEST_DATA/cats-dogs]"
    )
    data: Path = parser.parse_args().data
    if not data.is_dir():
        sys.exit(f"Cannot run this benchmark: '{data}' is no folder of photos. Give one: python {sys.argv[0]} DATA")
    return data


def publish(
    text: str, columns: Sequence[str], rows: Sequence[Sequence[object]], claims: Sequence[Claim], *,
    is_written: bool = True,
) -> None:  # fmt: skip
    """Print a table with its claims, write it to docs/benchmarks.md, and exit with 1 if a claim does not hold.

    Parameters
    ----------
    text
        What was measured: the docstring of the benchmark.
    is_written
        Whether the table is written to the page. A short run for a first look is not.
    """
    name = Path(sys.argv[0]).stem
    title, _, rest = text.strip().partition("\n")
    table = [_format_row(columns), _format_row(["---"] * len(columns)), *map(_format_row, rows)]
    lines = [
        f"## {name}: {title[0].lower()}{title[1:]}", "", *rest.strip().splitlines(), "", *table, "",
        *[f"- {claim.describe()}" for claim in claims], "",
        f"{time.strftime('%d %B %Y')}, `python benchmarks/{name}.py`, {describe_machine()}",
    ]  # fmt: skip
    section = "\n".join(lines)
    print(section)
    if is_written:
        _write_section(name, section)
    sys.exit(0 if all(claim.is_held for claim in claims) else 1)


def _format_row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _write_section(name: str, section: str) -> None:
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEADER
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    block = f"{begin}\n{section}\n{end}"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    page = pattern.sub(lambda _: block, page) if pattern.search(page) else f"{page.rstrip()}\n\n{block}\n"
    PAGE.write_text(page, encoding="utf-8")


def describe_machine() -> str:
    """Return the processor, the cores, the system and the versions that matter, in a sentence."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = next((line.partition(": ")[2] for line in info.read_text().splitlines() if "model name" in line), model)
    packages = ", ".join(f"{name} {version(name)}" for name in ("openvino", "simplejpeg", "cykooz.resizer", "numpy"))
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = "" if LOAD is None else f" (load before: {LOAD:.1f})"
    cores = f"{n_cores} core{'s' if n_cores != 1 else ''}"
    return f"{model}, {cores}{load}, {platform.system()}, Python {platform.python_version()}, {packages}."
