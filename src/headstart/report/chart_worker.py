"""The second process of `headstart.report.chart_process`: import matplotlib, wait for one job, draw its charts, answer.

    python -m headstart.report.chart_worker

The job and the answer are one line of JSON each.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path

from headstart.report.charts import save_charts
from headstart.report.preloading import preload_chart_modules


def main() -> None:
    """Import, wait for the job, draw, answer, and exit at once."""
    gc.disable()  # the process is too short to need garbage collection
    preload_chart_modules()
    line = sys.stdin.readline()
    if line:
        job = json.loads(line)
        print(json.dumps(save_charts(job["history"], job["metrics"], Path(job["folder"]))), flush=True)  # noqa: T201
    os._exit(0)


if __name__ == "__main__":
    main()
