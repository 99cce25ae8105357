"""The networks side by side that a training may try in place of MobileNetV2 alone."""

from __future__ import annotations

from dataclasses import replace

from headstart.backbone.loading import open_setup
from headstart.methods.method_runner import MethodRunner
from headstart.methods.settings import AUTO_BACKBONE, FIRST_BACKBONE, Settings

# As accurate as with Lite2 in place of Lite1, and faster (docs/backbones.md).
SIDE_BY_SIDE = f"{FIRST_BACKBONE}+efficientnet_lite1"


def plan_side_by_side(settings: Settings) -> Settings:
    """Return the settings of a training with the networks side by side. A given image size is that of both."""
    size = settings.image_size
    return replace(settings, backbone=SIDE_BY_SIDE, image_size=None if size is None else f"{size}+{size}")


def find_runner(runner: MethodRunner, asked: Settings, chosen: Settings) -> MethodRunner:
    """Return the runner with the network of the ``chosen`` settings. ``runner`` has that of the ``asked`` ones."""
    if chosen.backbone == asked.first_backbone:
        return runner
    setup = runner.context.setup
    opened = open_setup(chosen.backbone, chosen.image_size, precision=setup.precision, depth=setup.depth)
    return replace(runner, context=replace(runner.context, setup=opened))


def can_try_side_by_side(runner: MethodRunner, settings: Settings) -> bool:
    """Say whether another network may be put beside that of the settings: the user left the choice open."""
    is_open = settings.backbone in (AUTO_BACKBONE, FIRST_BACKBONE) and not isinstance(settings.image_size, str)
    return is_open and settings.precision != "int8" and runner.stored is None
