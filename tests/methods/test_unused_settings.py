"""Every setting in every method: it has an effect, is refused, or a note says that it had none."""

from dataclasses import fields

import pytest

from headstart.errors import FitError
from headstart.methods.settings import Settings
from headstart.methods.unused_settings import list_unused_settings

METHODS = ("fixed", "hybrid", "finetune", "scratch", "auto, fixed alone", "auto, hybrid too")
U, R, N = "used", "refused", "noted"
TABLE = {  # by setting: another value than the default, and what happens to it in each of METHODS
    "cut": ("block_12", R, U, R, R, "hybrid", "hybrid"),
    "backbone": ("efficientnet_lite0", U, U, U, U, U, U),
    "image_size": ("96+128", U, U, U, U, U, U),
    "depth": (12, U, U, U, U, U, U),
    "features": ("all", U, R, R, R, "fixed", "fixed"),
    "head": ("adam", U, R, R, R, "fixed", "fixed"),
    "strength": (0.1, U, R, R, R, "fixed", "fixed"),
    "fit_on": ("all", U, R, R, R, "fixed", "fixed"),
    "epochs": (5, N, U, U, U, N, U),
    "n_views": (4, U, U, R, R, "fixed", "fixed"),
    "average_views": (True, U, U, U, U, "fixed", "fixed"),
    "learning_rate": (0.001, R, U, U, U, "hybrid", "hybrid"),
    "train_norms": (True, R, U, U, N, "hybrid", "hybrid"),
    "class_weight": ("none", U, U, U, U, U, U),
    "precision": ("f32", U, U, U, U, U, U),
    "near_copies": ("ignore", U, U, U, U, U, U),
    "budget_s": (60.0, R, R, R, R, U, U),
    "cache_limit_gb": (1.0, N, U, U, U, N, U),
    "seed": (1, U, U, U, U, U, U),
    "test_share": (20, U, U, U, U, U, U),
    "validation_share": (10, U, U, U, U, U, U),
    "repeats": (5, U, U, U, U, U, U),
    "find": (0.9, U, U, U, U, U, U),
    "of": ("cats", U, U, U, U, U, U),
    "cost": (("cats:dogs=2",), U, U, U, U, U, U),
}
NEEDS = {"find": {"of": "cats"}, "of": {"find": 0.9}}


def find_outcome(settings, methods):
    """Return what happens to settings, under ``auto`` also that they choose the method."""
    settled = settings.settle()
    if settled.method != settings.method:
        return settled.method
    try:
        settled.check()
    except FitError:
        return R
    return N if list_unused_settings(settled, methods) else U


def test_the_table_has_every_setting():
    assert set(TABLE) == {field.name for field in fields(Settings)} - {"method"}


@pytest.mark.parametrize("setting", TABLE)
def test_each_setting_has_the_effect_of_the_table(setting):
    value, *outcomes = TABLE[setting]
    found = []
    for name in METHODS:
        method, _, which = name.partition(", ")
        trained = {"fixed alone": {"fixed"}, "hybrid too": {"fixed", "hybrid"}}.get(which, {method})
        found.append(find_outcome(Settings(method=method, **{setting: value}, **NEEDS.get(setting, {})), trained))
    assert dict(zip(METHODS, found, strict=True)) == dict(zip(METHODS, outcomes, strict=True))


@pytest.mark.parametrize(
    ("settings", "trained", "told"),
    [
        ({"head": "adam", "epochs": 5}, {"fixed"}, []),
        ({"head": "adam", "strength": 1.0}, {"fixed"}, ["strength 1.0 had no effect: the adam head is not"]),
        ({"epochs": 5}, {"fixed"}, ["epochs 5 had no effect: no training above a cut was completed, and the logistic"]),
        (
            {"epochs": 5, "cache_limit_gb": 2.0},
            {"fixed"},
            ["epochs 5", "cache_limit_gb (--cache-limit) 2.0 had no effect"],
        ),
        ({"epochs": 5, "cache_limit_gb": 2.0}, {"fixed", "finetune"}, []),
        ({"method": "auto", "cache_limit_gb": 10.0}, {"fixed"}, []),
    ],
)
def test_notes_name_the_option_and_the_reason(settings, trained, told):
    notes = list_unused_settings(Settings(**settings), trained)
    assert [(note.code, note.severity) for note in notes] == [("unused-option", "warning")] * len(told)
    for note, start in zip(notes, told, strict=True):
        assert note.text.startswith(f"The option {start}")


def test_views_are_without_effect_if_nothing_is_frozen():
    settings = Settings(method="hybrid", cut="pixels", n_views=3)
    assert list_unused_settings(settings, {"hybrid"}) == []
    (note,) = list_unused_settings(settings, {"hybrid"}, has_pixels_cut=True)
    assert "n_views (--views) 3 had no effect: nothing is frozen" in note.text


def test_a_head_without_further_photos_is_fitted_once_and_a_note_tells_it():
    settings = Settings(method="fixed", fit_on="train+validation")
    (note,) = list_unused_settings(settings, {"fixed"}, is_fitted_once=True)
    assert (
        "fit_on (--fit-on) train+validation had no effect: there are no photos beside the training photos" in note.text
    )
    assert not list_unused_settings(Settings(method="fixed"), {"fixed"}, is_fitted_once=True)
