"""The settings and the catalog that the folder of a run records."""

from dataclasses import asdict

import pytest

from headstart.methods.settings import Settings
from headstart.training.recorded_training import choose_settings


@pytest.mark.parametrize("former", [{}, {"features": "last", "head": "logistic"}], ids=["now", "former defaults"])
@pytest.mark.parametrize(
    ("asked", "used", "method"),
    [("auto", "fixed", "fixed"), ("auto", "hybrid", "auto"), ("hybrid", "hybrid", "hybrid")],
)
def test_auto_is_repeated_only_if_it_trained_above_a_cut(asked, used, method, former):
    def record(name):
        return {part: getattr(Settings(method=name), part) for part in Settings.__dataclass_fields__} | former

    settings = {"asked": record(asked), "used": record(used) | {"budget_s": 900.0}}
    chosen = choose_settings({"settings": settings, "machine": {"arithmetic": "f32"}})
    assert (chosen.method, chosen.precision) == (method, "f32")
    chosen.check()


def test_a_search_is_not_repeated_if_the_choice_is_asked_for():
    settings = {"asked": asdict(Settings()), "used": asdict(Settings(method="hybrid"))}
    record = {"settings": settings, "machine": {"arithmetic": "f32"}}
    assert choose_settings(record).method == "auto"
    assert choose_settings(record, repeats_search=False).method == "hybrid"
