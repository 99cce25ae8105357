"""The front door, name by name: a change here is a change for every user."""

import inspect
import pickle
from pathlib import Path

import pytest

import headstart as hs

NAMES = [
    "Catalog", "Classifier", "FeatureExtractor", "HeadstartError", "ImageClassifier", "Prediction", "Run",
    "__version__", "advise", "audit", "diff", "embed", "evaluate", "export", "find_similar", "forget", "load",
    "load_backbone", "replay", "scan", "suggest", "train",
]  # fmt: skip
OBJECTS = [name for name in NAMES if name != "__version__"]


def test_names_are_these():
    assert sorted(hs.__all__) == NAMES
    assert dir(hs) == NAMES


@pytest.mark.parametrize("name", OBJECTS)
def test_every_name_has_a_docstring_and_types(name):
    thing = getattr(hs, name)
    assert inspect.getdoc(thing)
    function = thing.__init__ if inspect.isclass(thing) else thing
    if function is object.__init__ or issubclass(thing if inspect.isclass(thing) else object, Exception):
        return
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.name == "self" or parameter.annotation is not inspect.Parameter.empty, parameter


@pytest.mark.parametrize("name", [name for name in OBJECTS if name[0].isupper()])
def test_public_methods_have_docstrings(name):
    for method, value in vars(getattr(hs, name)).items():
        if not method.startswith("_") and callable(value):
            assert inspect.getdoc(value), f"{name}.{method}"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = hs.trian


def test_every_error_and_warning_belongs_to_its_family():
    from headstart import errors

    family = [t for t in vars(errors).values() if inspect.isclass(t) and t.__module__ == errors.__name__]
    assert all(issubclass(kind, hs.HeadstartError | errors.HeadstartWarning) for kind in family)
    assert len(family) >= 8


def test_every_error_survives_pickling_with_what_it_is_about():
    from headstart import errors

    moved = pickle.loads(pickle.dumps(errors.RunMovedError("It is elsewhere.", Path("runs/pets-2"))))  # noqa: S301
    assert (str(moved), moved.folder, moved.path) == ("It is elsewhere.", Path("runs/pets-2"), Path("runs/pets-2"))
    missing = pickle.loads(pickle.dumps(errors.MissingExtraError("Cannot tune.", extra="tune")))  # noqa: S301
    assert (str(missing), missing.extra) == ("Cannot tune.", "tune")
