"""A place for a picture is checked before the work, and nothing is left behind."""

import pytest

from headstart.cli.picture_check import check_writable
from headstart.errors import RunError


def test_new_folders_are_removed_again_unless_the_picture_is_in_them(tmp_path):
    path = tmp_path / "new" / "figure.png"
    with check_writable(path):
        assert path.parent.is_dir()
        assert not path.exists()
    assert not path.parent.exists()
    with check_writable(path):
        path.write_bytes(b"picture")
    assert path.exists()


def test_a_place_that_cannot_be_written_is_named_with_the_option(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunError, match=r"Cannot write figure .*Choose another"),
        check_writable(tmp_path / "file" / "a.png"),
    ):
        pass
