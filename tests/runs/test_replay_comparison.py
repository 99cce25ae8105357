"""Two runs are compared by bits, answers, figures and conditions."""

import json
import shutil

import pytest

import headstart as hs
from headstart.runs.replay_comparison import compare_figures, compare_replay


@pytest.fixture(scope="module")
def made(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("comparison")
    return hs.train(paint_folder(base / "photos", n=10), out=base / "run", method="fixed", image_size=96, verbose=False)


@pytest.fixture
def copy(made, tmp_path):
    return shutil.copytree(made.folder, tmp_path / "copy")


def edit(folder, change):
    record = json.loads((folder / "run.json").read_text())
    change(record)
    (folder / "run.json").write_text(json.dumps(record))


def test_a_copy_is_the_same(made, copy):
    found = compare_replay(made.folder, copy)
    assert set(found["same_bits"].values()) == {True}
    assert found["is_same_condition"]
    assert (found["n_compared"], found["largest_difference"], found["other_answers"]) == (20, 0, [])


def test_other_conditions_are_named_with_both_values(made, copy):
    edit(copy, lambda record: record["machine"].update(arithmetic="bf17", engine="another"))
    edit(copy, lambda record: record["versions"].update(numpy="0.1"))
    found = compare_replay(made.folder, copy)
    assert not found["is_same_condition"]
    assert found["arithmetic"] == [made.metrics["precision"], "bf17"]
    assert found["engine"][1] == "another"
    assert found["versions"]["numpy"][1] == "0.1"


def test_other_answers_are_named_with_the_largest_difference(made, copy):
    lines = (copy / "predictions.csv").read_text().splitlines()
    path, split, label, answer, probability, is_right, first, second = lines[1].split(",")
    other = "stripes" if answer == "dots" else "dots"
    lines[1] = ",".join([path, split, label, other, probability, is_right, second, first])
    (copy / "predictions.csv").write_text("\n".join(lines))
    found = compare_replay(made.folder, copy)
    assert found["other_answers"] == [{"path": path, "label": label, "before": answer, "after": other}]
    assert found["largest_difference"] == pytest.approx(abs(float(first) - float(second)))


def test_figures_are_compared_without_times_and_paths():
    before = {"test": {"accuracy": 0.9, "seconds": 3}, "seconds": {"total": 1}, "n_cached": 3, "list": [1, {"a": 2}]}
    after = {"test": {"accuracy": 0.8, "seconds": 4}, "seconds": {"total": 2}, "n_cached": 0, "list": [1, {"a": 3}]}
    assert compare_figures(before, after) == {"test.accuracy": [0.9, 0.8], "list[1].a": [2, 3]}
    assert compare_figures(before, before) == {}
