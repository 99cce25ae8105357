"""Import ahead of time what figures and the report need."""

from __future__ import annotations

from importlib import import_module

CHART_MODULES = (
    "matplotlib.backends.backend_agg", "matplotlib.figure", "matplotlib.legend", "matplotlib.ticker", "PIL.Image",
)  # fmt: skip
PAGE_MODULES = ("PIL.ImageDraw", "PIL.ImageFont")


def preload_chart_modules() -> None:
    """Import what charts need, which takes a fifth of a second, beside other work.

    Drawing works without this call: then it imports for itself. Any thread may call this, more than once.
    """
    _preload(CHART_MODULES)


def preload_page_modules() -> None:
    """Import what grids of photos and the page need, and compile its template; see `preload_chart_modules`."""
    from headstart.report.page import load_template

    _preload(PAGE_MODULES)
    load_template()


def _preload(modules: tuple[str, ...]) -> None:
    from PIL import Image

    for module in modules:
        import_module(module)
    Image.preinit()
