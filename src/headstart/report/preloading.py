"""Getting ready to draw: the imports that figures and the report need, ahead of time."""

from __future__ import annotations

from importlib import import_module

CHART_MODULES = (
    "matplotlib.backends.backend_agg", "matplotlib.figure", "matplotlib.legend", "matplotlib.ticker", "PIL.Image",
)  # fmt: skip
PAGE_MODULES = ("PIL.ImageDraw", "PIL.ImageFont")


def preload_chart_modules() -> None:
    """Import what charts need: a fifth of a second that can be spent beside other work.

    Drawing works without it, and then pays for the imports itself. It may be called more than once, from any thread.
    """
    for module in CHART_MODULES:
        import_module(module)
    _read_formats()


def preload_page_modules() -> None:
    """Import what grids of photos and the page need; otherwise as `preload_chart_modules`."""
    from headstart.report.page import load_template

    for module in PAGE_MODULES:
        import_module(module)
    _read_formats()
    load_template()


def _read_formats() -> None:
    from PIL import Image

    Image.preinit()
