"""A file is found by a name as another system or program writes it."""

import os

import pytest

from headstart.storage.file_spelling import find_file

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize(("written", "named"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_file_is_found_under_both_ways_to_write_accents(tmp_path, written, named):
    path = tmp_path / named / f"{COMPOSED} 1.jpg"
    path.parent.mkdir()
    path.touch()
    assert find_file(tmp_path, f"{written}\\{DECOMPOSED} 1.jpg") == os.fspath(path)
    assert find_file(tmp_path, f"{written}/none.jpg") is None
    assert find_file(tmp_path, f"none/{written}.jpg") is None


def test_a_name_that_no_file_can_have_is_not_found(tmp_path):
    assert find_file(tmp_path, "a\0b\u00e9.jpg") is None
    assert find_file(tmp_path, "~nobody-of-this-name/1.jpg") is None
