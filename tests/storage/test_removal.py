"""Only rows and files that were deleted count as removed."""

import pytest

from headstart.storage.removal import Removal


def test_deleted_files_and_folders_are_counted(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(b"123")
    (tmp_path / "a" / "b" / "two").write_bytes(b"45")
    removal = Removal("store", "files")
    removal.delete_folder(tmp_path / "a")
    assert not (tmp_path / "a").exists()
    assert removal.to_dict() == {"store": "store", "what": "files", "n_items": 2, "n_bytes": 5, "problems": []}


def test_a_link_is_deleted_and_its_target_stays(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "1.jpg").write_bytes(b"1")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "link").symlink_to(tmp_path / "photos")
    Removal("store", "files").delete_folder(tmp_path / "a")
    assert (tmp_path / "photos" / "1.jpg").exists()


def test_what_cannot_be_deleted_is_a_problem(tmp_path, monkeypatch):
    path = tmp_path / "one"
    path.write_bytes(b"123")
    removal = Removal("store", "files")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(path), "unlink", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
        removal.delete(path)
    assert removal.n_items == 0
    assert removal.problems == [f"'{path}' cannot be deleted: Permission denied"]


def test_a_file_that_another_process_deleted_is_neither(tmp_path):
    removal = Removal("store", "files")
    removal.delete(tmp_path / "missing")
    assert (removal.n_items, removal.problems) == (0, [])
