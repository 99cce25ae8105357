"""The table of what changed by class."""

import pytest

from headstart.cli.growth_rows import N_ROWS, print_growth

ROW = {"label": "dogs", "n": 9, "before": 8, "after": 7, "gained": 0, "lost": 1, "to_new": 1}


@pytest.mark.parametrize("new", [[], ["owls"]])
def test_classes_are_rows_and_the_photos_are_listed_by_diff(new, tmp_path, capsys):
    print_growth({"new_classes": new, "by_class": [ROW], "n_other": 1, "run": "runs/my pets"}, tmp_path / "run")
    lines = capsys.readouterr().out.splitlines()
    titles = "  class  photos  right before  right now  gained  lost"
    assert lines[1] == (f"{titles}  now a new class" if new else titles)
    assert lines[2].split() == ["dogs", "9", "8", "7", "0", "1", *(["1"] if new else [])]
    assert lines[3] == f"Photos with another answer: headstart diff 'runs/my pets' {tmp_path / 'run'}"


def test_without_a_change_nothing_is_printed(tmp_path, capsys):
    same = ROW | {"lost": 0}
    print_growth({"new_classes": [], "by_class": [same], "n_other": 0, "run": "runs/pets"}, tmp_path)
    assert capsys.readouterr().out == ""
    print_growth({"new_classes": ["x"], "by_class": [same] * (N_ROWS + 2), "n_other": 0, "run": "runs/pets"}, tmp_path)
    assert capsys.readouterr().out.splitlines()[-1] == "  and 2 more, which metrics.json lists"
