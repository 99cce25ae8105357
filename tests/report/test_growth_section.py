"""The section of the report that compares a run with the one that it grew out of."""

import pytest

from headstart.report.growth_section import describe_growth_section

ROW = {"label": "dogs", "n": 9, "before": 8, "after": 7, "gained": 0, "lost": 1, "to_new": 1}
RECORD = {
    "run": "runs/pets", "added": {}, "forgotten": {}, "new_classes": [], "lost_classes": [],
    "left_out": {}, "comparison": None,
    "n_held_out": 9, "n_other": 1, "by_class": [ROW], "other_answers": [],
}  # fmt: skip


@pytest.mark.parametrize("new", [[], ["owls"]])
def test_the_column_of_a_new_class_is_there_only_with_one(new):
    section = describe_growth_section({"growth": RECORD | {"new_classes": new}})
    assert section["rows"] == [{"label": "dogs", "cells": [9, 8, 7, 0, 1, *([1] if new else [])]}]
    assert section["run"] == "runs/pets"
    assert section["sentences"][-1] == "Of the 9 validation and test photos of both runs, 1 has another answer."


def test_other_runs_have_no_such_section():
    assert describe_growth_section({}) is None
