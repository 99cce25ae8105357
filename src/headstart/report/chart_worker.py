"""The artist's own process: it imports matplotlib, waits for the job, draws it, and answers.

    python -m headstart.report.chart_worker

Asked and answered in JSON, a line each.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path

from headstart.report.charts import save_charts
from headstart.report.preloading import prepare_charts


def main() -> None:
    """Prepare, wait for the job, draw it; and leave at once, as the program that waits does."""
    gc.disable()  # this process ends before there is garbage worth looking for
    prepare_charts()
    line = sys.stdin.readline()
    if line:
        job = json.loads(line)
        print(json.dumps(save_charts(job["history"], job["metrics"], Path(job["folder"]))), flush=True)  # noqa: T201
    os._exit(0)


if __name__ == "__main__":
    main()
