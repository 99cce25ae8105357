"""The types of settings that come from Python, where nothing else checks them."""

from __future__ import annotations

from typing import Any

from headstart.backbone.names import parse_sizes
from headstart.errors import BackboneError
from headstart.methods.setting_names import name_setting


def find_wrong_types(settings: Any) -> list[str]:
    """Return what is wrong with the types of settings, a part of a message each."""
    whole = (
        "depth", "epochs", "n_views", "seed", "test_share", "validation_share", "repeats",
    )  # fmt: skip
    number = ("strength", "learning_rate", "budget_s", "cache_limit_gb", "find")
    kinds: dict[str, Any] = {**dict.fromkeys(whole, int), **dict.fromkeys(number, (int, float))}
    problems = [
        f"{name_setting(name)} {value!r}, need a {'whole ' if kind is int else ''}number"
        for name, kind in kinds.items()
        if (value := getattr(settings, name)) is not None and (isinstance(value, bool) or not isinstance(value, kind))
    ]
    truths = ("average_views", "train_norms")
    try:
        parse_sizes(settings.image_size)
    except BackboneError:
        sizes = "need a whole number, or several such as '224+260'"
        problems.append(f"{name_setting('image_size')} {settings.image_size!r}, {sizes}")
    if settings.of is not None and type(settings.of) is not str:
        problems.append(f"of {settings.of!r}, need the name of a class")
    if type(settings.cost) is not tuple or any(type(cost) is not str for cost in settings.cost):
        problems.append(f"cost {settings.cost!r}, need a list of texts such as 'defective:functional=20'")
    return problems + [
        f"{name_setting(n)} {getattr(settings, n)!r}, need a bool"
        for n in truths
        if type(getattr(settings, n)) is not bool
    ]
