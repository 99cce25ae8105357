"""The artist's own process: it imports matplotlib, waits for the job, draws it, and answers.

    python -m headstart.evaluation.studio

Asked and answered in JSON, a line each.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headstart.evaluation.charts import HistoryRow, draw_charts
from headstart.evaluation.figure_file import save_png
from headstart.evaluation.inline_image import InlineImage, inline_image
from headstart.evaluation.prepare import prepare_charts


def save_charts(history: Sequence[HistoryRow], metrics: Mapping[str, Any], folder: Path) -> dict[str, InlineImage]:
    """Draw the charts of a run (`draw_charts`), write each as ``NAME.png`` into a folder, and return them by name.

    Raises
    ------
    RunError
        If one cannot be written.
    """
    charts = draw_charts(history, metrics)
    return {name: inline_image(image, save_png(image, folder / f"{name}.png")) for name, image in charts.items()}


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
