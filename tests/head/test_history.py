"""The record of an epoch is a row of the history's table."""

from dataclasses import asdict, fields

from headstart.head.history import Epoch


def test_the_fields_are_the_four_columns_in_order():
    assert [field.name.capitalize() for field in fields(Epoch)] == ["Data", "Epoch", "Accuracy", "Loss"]
    assert list(asdict(Epoch("Training", 1, 0.5, 0.7)).values()) == ["Training", 1, 0.5, 0.7]
