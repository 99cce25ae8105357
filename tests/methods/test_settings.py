"""All wrong settings are named at once."""

import pytest

from headstart.errors import FitError
from headstart.methods.settings import Settings


def test_the_default_settings_are_valid():
    Settings().check()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "magic"}, "method 'magic', need one of "),
        ({"head": "forest"}, "head 'forest', need one of auto, logistic, logistic.ridge, adam"),
        ({"class_weight": "some"}, r"class_weight \(--class-weight\) 'some', need one of "),
        ({"epochs": 0}, "epochs 0, need 1 or more"),
        ({"n_views": 0}, "n_views \\(--views\\) 0, need 1 or more"),
        ({"seed": -1}, "seed -1, need 0 or more"),
        ({"strength": 0.0}, "strength 0.0, need a finite number above 0"),
        ({"strength": float("nan")}, "strength nan, need a finite number above 0"),
        ({"n_views": 1001}, "n_views \\(--views\\) 1001, need 1000 or less"),
        ({"image_size": "a"}, r"image_size \(--image-size\) 'a', need a whole number"),
        ({"strength": True}, "strength True, need a number"),
        ({"features": "some"}, "features 'some', need one of auto, last, all, wide"),
        ({"average_views": 1}, r"average_views \(--average-views\) 1, need a bool"),
        ({"average_views": True, "n_views": 3}, "n_views \\(--views\\) 3 to average, need 2, 4, 8"),
        ({"method": "fixed", "cut": "block_3"}, "cut 'block_3' with method fixed, which only hybrid has"),
        (
            {"method": "fixed", "fit_on": "test"},
            r"fit_on \(--fit-on\) 'test', need one of train, train\+validation, all",
        ),
        (
            {"method": "hybrid", "fit_on": "train"},
            r"fit_on \(--fit-on\) 'train' with method hybrid, which only fixed has",
        ),
        ({"method": "fixed", "head": "adam", "fit_on": "all"}, "'all' with head adam, need another head"),
        ({"method": "hybrid", "head": "adam"}, "head 'adam' with method hybrid, which only fixed has"),
        (
            {"method": "fixed", "train_norms": True},
            r"train_norms \(--train-norms\) True with method fixed, which only hybrid, finetune and scratch have",
        ),
        ({"method": "scratch", "precision": "int8"}, "precision int8 with method scratch, which only fixed has"),
        ({"budget_s": 0}, "budget_s \\(--budget\\) 0, need a finite number above 0"),
        ({"budget_s": float("inf")}, "budget_s \\(--budget\\) inf, need a finite number above 0"),
        ({"cache_limit_gb": float("inf")}, "cache_limit_gb \\(--cache-limit\\) inf, need a finite number above 0"),
        ({"method": "hybrid", "budget_s": 60}, "budget_s \\(--budget\\) 60 with method hybrid, which only auto has"),
        (
            {"method": "finetune", "n_views": 8},
            "n_views \\(--views\\) 8 with method finetune, which changes photos in every epoch",
        ),
        ({"repeats": 0}, "repeats 0, need 1 to 1000"),
        ({"repeats": 2.5}, "repeats 2.5, need a whole number"),
        ({"test_share": 0}, r"test_share \(--test-share\) 0, need 1 to 99 percent"),
        ({"test_share": 0.2}, r"test_share \(--test-share\) 0\.2, need a whole number"),
        ({"validation_share": 100}, r"validation_share \(--validation-share\) 100, need 0 to 99 percent"),
        ({"test_share": 85}, "85% test and 15% validation photos, need less than 100% together"),
        ({"find": 1.0, "of": "cats"}, "find 1.0, need a share above 0% and below 100%"),
        ({"find": "98%", "of": "cats"}, "find '98%', need a number"),
        ({"find": 0.9, "of": 1}, "of 1, need the name of a class"),
        ({"find": 0.9}, r"a share to find \(--find\) without a class \(--of\): give both"),
        ({"of": "cats"}, r"a class \(--of\) without a share to find \(--find\): give both"),
        ({"cost": {"a:b": 2}}, "need a list of texts such as 'defective:functional=20'"),
        (
            {"find": 0.9, "of": "cats", "cost": "cats:dogs=2"},
            r"a share to find \(--find\) and costs \(--cost\), need only one of them",
        ),
        ({"seed": -1, "epochs": 0}, "got epochs 0, .*; got seed -1"),
    ],
)
def test_every_wrong_setting_is_named(wrong, message):
    with pytest.raises(FitError, match=f"Cannot train: .*{message}"):
        Settings(**wrong).check()


@pytest.mark.parametrize(
    ("settings", "method"),
    [
        ({}, "auto"),
        ({"epochs": 3}, "auto"),
        ({"head": "adam"}, "fixed"),
        ({"n_views": 2}, "fixed"),
        ({"fit_on": "all"}, "fixed"),
        ({"average_views": True}, "fixed"),
        ({"precision": "int8"}, "fixed"),
        ({"cut": "block_3"}, "hybrid"),
        ({"train_norms": True}, "hybrid"),
        ({"method": "finetune", "train_norms": True}, "finetune"),
    ],
)
def test_auto_becomes_the_only_method_that_has_the_settings(settings, method):
    assert Settings(**settings).settle().method == method


@pytest.mark.parametrize(
    "settings",
    [
        {"cut": "block_12", "features": "all"},
        {"train_norms": True, "strength": 1.0},
        {"learning_rate": 1e-3, "head": "adam"},
        {"cut": "block_12", "precision": "int8"},
    ],
)
def test_settings_of_different_methods_are_refused(settings):
    with pytest.raises(FitError, match="with method hybrid, which only fixed has"):
        Settings(**settings).settle().check()


def test_four_views_are_averaged_by_default():
    assert Settings().n_averaged == Settings(n_views=3).n_averaged == 1
    assert Settings(average_views=True).n_averaged == 4
    assert Settings(average_views=True, n_views=8).n_averaged == 8


def test_costs_may_be_one_text_or_a_list():
    assert Settings(cost="a:b=2") == Settings(cost=["a:b=2"]) == Settings(cost=("a:b=2",))
    assert [Settings(cost="a:b=2").has_decision, Settings(find=0.9, of="a").has_decision] == [True, True]
    assert not Settings().has_decision


@pytest.mark.parametrize(
    ("settings", "splits"),
    [
        ({"method": "fixed"}, ("train", "validation")),
        ({"method": "fixed", "fit_on": "train"}, ("train",)),
        ({"method": "fixed", "head": "adam"}, ("train",)),
        ({"method": "hybrid"}, ("train",)),
    ],
)
def test_the_logistic_head_is_fitted_to_the_validation_photos_too(settings, splits):
    assert Settings(**settings).fit_splits == splits
