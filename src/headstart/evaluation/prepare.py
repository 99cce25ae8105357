"""Getting ready to draw: the imports that figures and the report need, ahead of time."""

from __future__ import annotations

from importlib import import_module

from headstart.evaluation.report import load_template

MODULES = (
    "matplotlib.backends.backend_agg", "matplotlib.figure", "matplotlib.legend", "matplotlib.ticker",
    "PIL.ImageDraw", "PIL.ImageFont",
)  # fmt: skip


def prepare_drawing() -> None:
    """Import what figures and the report need: a quarter of a second that can be spent beside other work.

    Drawing works without it, and then pays for the imports itself. It may be called more than once, from any thread.
    """
    for module in MODULES:
        import_module(module)
    from PIL import Image

    Image.preinit()  # the file formats
    load_template()
