"""The names of settings: each has an option of ``headstart train``."""

from dataclasses import fields

import pytest

from headstart.cli.train import train
from headstart.methods.setting_names import name_option, name_setting
from headstart.methods.settings import Settings


@pytest.mark.parametrize("setting", [field.name for field in fields(Settings)])
def test_each_setting_has_its_option(setting):
    assert name_option(setting) in {option for parameter in train.params for option in parameter.opts}


def test_a_name_has_its_option_beside_it_if_that_differs():
    assert name_setting("repeats") == "repeats"
    assert name_setting("n_views") == "n_views (--views)"
    assert name_setting("test_share") == "test_share (--test-share)"
