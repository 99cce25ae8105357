"""A walk lists every folder once, ignores files of systems, and ends."""

import pytest

from headstart.catalog.walk import is_ignored, join_names, walk_folder


def test_folders_and_files_are_sorted_by_name(lay):
    tree, skipped = walk_folder(lay({"dogs": 2, "cats/more": 1, "cats": 1, "readme.txt": b"hello"}))
    assert list(tree) == ["", "cats", "cats/more", "dogs"]
    assert (tree[""].folders, tree[""].files) == (["cats", "dogs"], ["readme.txt"])
    assert (tree["cats"].folders, tree["cats"].files) == (["more"], ["000.jpg"])
    assert skipped == []


@pytest.mark.parametrize(
    "name",
    [".hidden", ".DS_Store", ".ipynb_checkpoints", "__MACOSX", "__pycache__", "@eaDir", "Thumbs.db", "desktop.ini",
     "lost+found", "THUMBS.DB"],
)  # fmt: skip
def test_system_names_are_ignored(lay, name):
    tree, _ = walk_folder(lay({"cats": 1, f"{name}/inner": 1, f"cats/{name}": b"x"}))
    assert list(tree) == ["", "cats"]
    assert tree["cats"].files == ["000.jpg"]
    assert is_ignored(name)


def test_empty_folders_are_listed(lay):
    tree, _ = walk_folder(lay({"cats": 1, "dogs": 0}))
    assert tree["dogs"].files == []


def test_a_link_to_a_folder_elsewhere_is_followed(lay, tmp_path):
    root = lay({"cats": 1})
    lay({"photos": 2}, root="elsewhere")
    (root / "dogs").symlink_to(tmp_path / "elsewhere" / "photos")
    (root / "cats" / "linked.jpg").symlink_to(tmp_path / "elsewhere" / "photos" / "000.jpg")
    tree, skipped = walk_folder(root)
    assert tree["dogs"].files == ["000.jpg", "001.jpg"]
    assert tree["cats"].files == ["000.jpg", "linked.jpg"]
    assert skipped == []


@pytest.mark.parametrize("target", ["pets", "pets/cats", "."])
def test_a_link_to_a_parent_folder_is_skipped(lay, tmp_path, target):
    root = lay({"cats": 1, "dogs": 1})
    (root / "cats" / "loop").symlink_to(tmp_path / target)
    tree, skipped = walk_folder(root)
    assert list(tree) == ["", "cats", "dogs"]
    assert [(skip.path.name, skip.reason) for skip in skipped] == [("loop", "a link to a folder that it is inside of")]


def test_links_to_each_other_are_followed_once(lay):
    root = lay({"a": 1, "b": 1})
    (root / "a" / "to_b").symlink_to(root / "b")
    (root / "b" / "to_a").symlink_to(root / "a")
    tree, skipped = walk_folder(root)
    assert list(tree) == ["", "a", "a/to_b", "b", "b/to_a"]
    assert len(skipped) == 2


def test_a_link_to_itself_or_to_nothing_is_listed_as_a_file(lay):
    root = lay({"cats": 1})
    (root / "cats" / "self.jpg").symlink_to(root / "cats" / "self.jpg")
    (root / "cats" / "gone.jpg").symlink_to(root / "nowhere.jpg")
    tree, _ = walk_folder(root)
    assert tree["cats"].files == ["000.jpg", "gone.jpg", "self.jpg"]


def test_a_folder_that_cannot_be_read_is_skipped_with_its_reason(lay, monkeypatch):
    root = lay({"cats": 1, "dogs": 1})
    import os

    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("dogs"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("headstart.catalog.walk.os.scandir", refuse)
    tree, skipped = walk_folder(root)
    assert tree["cats"].files == ["000.jpg"]
    assert [(skip.path, skip.reason) for skip in skipped] == [(root / "dogs", "cannot be read: Permission denied")]


def test_names_are_joined_without_empty_parts():
    assert join_names("", "a", "", "b") == "a/b"
    assert join_names("") == ""


def test_a_run_folder_among_the_photos_is_skipped(tmp_path):
    for name in ("cats/1.jpg", "runs/pets/model.onnx", "runs/pets/metrics.json", "runs/pets/figures/views.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    tree, skipped = walk_folder(tmp_path)
    assert set(tree) == {"", "cats", "runs"}
    assert tree["runs"].folders == []
    assert [skip.path for skip in skipped] == [tmp_path / "runs" / "pets"]


def test_an_audit_among_the_photos_is_skipped(tmp_path):
    for name in ("cats/1.jpg", "looked/at/audit.html", "looked/at/audit.json", "looked/at/map.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    tree, skipped = walk_folder(tmp_path)
    assert tree["looked"].folders == []
    assert [(skip.path, skip.reason) for skip in skipped] == [
        (tmp_path / "looked" / "at", "an audit that headstart wrote, not photos")
    ]
