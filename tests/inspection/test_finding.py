"""Every kind of finding is explained in the documentation."""

import re
from pathlib import Path

from headstart.inspection.finding import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")


def test_every_kind_has_a_row_and_every_row_a_kind():
    table = PAGE.partition("## Kinds of findings")[2].partition("## Decide")[0]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert sorted(kind for row in rows for kind in re.findall(r"`(\w+)`", row)) == sorted(KINDS)


def test_the_kinds_that_rules_drop_are_listed():
    rules = PAGE.partition("## Rules without a page")[2].partition(". Of copies")[0]
    droppable = {name for name, kind in KINDS.items() if kind.is_droppable}
    assert set(re.findall(r"`(\w+)`", rules)) == droppable
