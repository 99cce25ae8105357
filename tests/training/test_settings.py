"""What cannot be trained with is said at once, all of it."""

import pytest

from headstart.errors import FitError
from headstart.training.settings import Settings


def test_the_defaults_can_be_used():
    Settings().check()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "magic"}, "method 'magic', need one of "),
        ({"head": "forest"}, "head 'forest', need one of logistic, adam"),
        ({"class_weight": "some"}, "class_weight 'some', need one of "),
        ({"epochs": 0}, "epochs 0, need 1 or more"),
        ({"n_views": 0}, "n_views 0, need 1 or more"),
        ({"seed": -1}, "seed -1, need 0 or more"),
        ({"strength": 0.0}, "strength 0.0, need more than 0"),
        ({"strength": float("nan")}, "strength nan, need more than 0"),
        ({"n_views": 1001}, "n_views 1001, need 1000 or less"),
        ({"image_size": "a"}, "image_size 'a', need a whole number"),
        ({"strength": True}, "strength True, need a number"),
        ({"seed": -1, "epochs": 0}, "got epochs 0, .*; got seed -1"),
    ],
)
def test_what_is_wrong_is_named(wrong, message):
    with pytest.raises(FitError, match=f"Cannot train: .*{message}"):
        Settings(**wrong).check()
