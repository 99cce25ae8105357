"""Names of photos are found as files write them, and not in the middle of others."""

from pathlib import Path

import pytest

from headstart.runs.photo_names import find_named, list_texts, spell_names, spell_places

ONE, TWO = "0a" * 32, "0b" * 32


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "file.csv"
        path.write_text(text)
        return path

    return write


def test_a_name_is_spelled_as_in_csv_json_and_pages(write):
    name = 'cats/J\u00f6rg "the & cat".png'
    names = spell_names([(name, ONE), ("=1.png", TWO)])
    for text in ('"cats/J\u00f6rg ""the & cat"".png",cats', r'["cats/J\u00f6rg \"the & cat\".png"]',
                 "<p>cats/J\u00f6rg &quot;the &amp; cat&quot;.png</p>"):  # fmt: skip
        assert find_named(write(text), names) == {ONE}
    assert find_named(write("path\n'=1.png\n"), names) == {TWO}


def test_paths_are_absolute_or_relative_to_the_folders(write):
    names = spell_places({ONE: ["/data/pets/cats/1.png", "s3://pets/1.png"], TWO: []}, [Path("/data"), Path("/data/b")])
    for text in ("/data/pets/cats/1.png", "pets/cats/1.png", "../pets/cats/1.png", "s3://pets/1.png", ONE):
        assert find_named(write(f"path\n{text}\n"), names) == {ONE}
    assert find_named(write(TWO), names) == {TWO}


def test_a_longer_path_is_another_photo(write):
    names = spell_names([("cats/1.png", ONE)])
    for text in ("more/cats/1.png", "xcats/1.png", "cats/1.png.jpg", "cats/11.png", "-cats/1.png"):
        assert find_named(write(text), names) == frozenset()
    assert find_named(write("more/cats/1.png"), names, is_whole=False) == {ONE}
    assert find_named(write("xcats/1.png"), names, is_whole=False) == frozenset()


def test_a_picture_inside_a_page_is_no_name(write):
    names = spell_names([("abc", ONE)])
    assert find_named(write('src="data:image/png;base64,/abc/"'), names, is_whole=False) == frozenset()


def test_texts_are_files_of_some_kinds(tmp_path):
    for name in ("b.csv", "a.html", "c.png", "d.txt"):
        (tmp_path / name).touch()
    (tmp_path / "e.csv").mkdir()
    assert [path.name for path in list_texts(tmp_path)] == ["a.html", "b.csv"]
