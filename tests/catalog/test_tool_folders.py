"""What tools write beside photos is left out; a class of such a name is not."""

import pytest

from headstart.catalog.tool_folders import MARKERS, TOOL_FOLDERS, drop_tool_folders
from headstart.catalog.walk import walk_folder


def drop(root):
    kept, skipped, notes = drop_tool_folders(root, walk_folder(root)[0])
    return set(kept), [skip.path.relative_to(root).as_posix() for skip in skipped], list(map(str, notes))


@pytest.mark.parametrize("name", [*sorted(TOOL_FOLDERS), "Runs"])
def test_a_folder_of_a_tool_is_dropped_with_all_below(lay, name):
    kept, skipped, notes = drop(lay({"cats": 1, "dogs": 1, f"{name}/a/b": 2, f"{name}/log.txt": b"x"}))
    assert kept == {"", "cats", "dogs"}
    assert skipped == [name]
    assert f"'{name}/' (2 photos)" in notes[0]


@pytest.mark.parametrize("marker", sorted(MARKERS))
def test_an_environment_is_known_by_its_content(lay, marker):
    assert drop(lay({"cats": 1, "mine/lib/images": 2, f"mine/{marker}": b"x"}))[1] == ["mine"]


@pytest.mark.parametrize("written", ["best.pt", "epoch=3.ckpt", "events.out.tfevents.1"])
def test_model_files_tell_that_a_tool_wrote_the_photos_beside_them(lay, written):
    assert drop(lay({"cats": 1, "checkpoints": 2, f"checkpoints/{written}": b"x"}))[1] == ["checkpoints"]


def test_the_figures_of_advise_do_not_make_a_class(lay):
    assert drop(lay({"cats": 1, "runs/pets-advice.png": b"x"})) == ({"", "cats"}, [], [])
    figures = {"runs/pets-advice.png": b"x", "runs/pets-advice-forecast.png": b"x"}
    assert drop(lay({"cats": 1, **figures})) == ({"", "cats"}, [], [])
    assert "'runs/' (2 photos)" in drop(lay({"runs/x": 2}))[2][0]


def test_photos_directly_in_a_folder_make_it_a_class(lay):
    layout = {"runs": 2, "falls": 2, "env/1.jpg": b"x", "runs/by_bob": 1}
    assert drop(lay(layout)) == ({"", "runs", "falls", "env", "runs/by_bob"}, [], [])


def test_an_empty_folder_is_kept_and_one_without_photos_is_dropped_without_a_note(lay):
    assert drop(lay({"cats": 1, "runs": 0, "wandb/log.txt": b"x"})) == ({"", "cats", "runs"}, [], [])


def test_an_empty_folder_of_our_own_results_is_no_class(lay, monkeypatch):
    root = lay({"cats": 1, "runs": 0, "audits": 0, "more/runs": 0})
    monkeypatch.chdir(root)
    assert drop(root) == ({"", "cats", "more", "more/runs"}, [], [])


def test_nothing_is_dropped_if_no_photo_would_remain(lay):
    assert drop(lay({"checkpoints/cats": 1, "checkpoints/dogs": 1, "readme.txt": b"x"}))[1] == []


def test_a_folder_is_dropped_in_any_depth(lay):
    kept, skipped, _ = drop(lay({"data/cats": 1, "data/wandb/files": 1, "data/wandb/runs/x": 1}))
    assert kept == {"", "data", "data/cats"}
    assert skipped == ["data/wandb"]
