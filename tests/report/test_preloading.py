"""Preloading imports all that drawing needs."""

import subprocess
import sys

PROGRAM = """
import sys
from headstart.report.figure_file import draw_figure, encode_png
from headstart.report.history_figure import plot_history
from headstart.report.figure_file import inline_image
from headstart.report.matrix_figure import plot_confusion_matrix
from headstart.report.preloading import preload_chart_modules, preload_page_modules
from headstart.report.page import ReportContent, render_report
preload_chart_modules()
preload_page_modules()
before = set(sys.modules)
rows = [("Training", 1, 0.5, 1.0), ("Validation", 1, 0.5, 1.0)]
image = draw_figure(plot_history(rows))
draw_figure(plot_confusion_matrix([[3, 1], [0, 4]], ["cats", "dogs"]))
inline_image(image, encode_png(image))
render_report(ReportContent("pets", {}))
print(sorted(name for name in set(sys.modules) - before if name.split(".")[0] in ("matplotlib", "PIL", "jinja2")))
"""


def test_drawing_imports_nothing_after_preloading():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
