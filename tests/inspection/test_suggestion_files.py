"""The files of a suggestion: a free name, nothing replaced unasked, and a page with thumbnails."""

import pytest

from headstart.catalog.photo import Photo
from headstart.errors import RunError
from headstart.inspection.suggestion_files import choose_csv, find_page, refuse_inside, summarise, write_files
from headstart.inspection.suggestions import Suggestion, Suggestions


@pytest.fixture
def suggestions(make_folder):
    folder = make_folder(n=2)
    photos = tuple(
        Suggestion(
            photo=Photo(str(path), "", digest="ab" * 32, split=None), kind="undecided", reason="dots 52%", guess="dots"
        )
        for path in [*sorted(folder.glob("*/*.jpg")), folder / "gone.jpg"]
    )
    return Suggestions(photos=photos, source=str(folder), n_unlabelled=30, n_labelled=20, n_left_out=2)


def test_the_default_name_is_free(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert choose_csv("pets").as_posix() == "runs/pets-suggested.csv"
    assert choose_csv("").as_posix() == "runs/photos-suggested.csv"
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "pets-suggested.csv").touch()
    (tmp_path / "runs" / "pets-suggested-2.html").touch()
    assert choose_csv("pets").as_posix() == "runs/pets-suggested-3.csv"
    assert choose_csv("pets", overwrite=True).as_posix() == "runs/pets-suggested.csv"


def test_a_name_that_is_taken_or_wrong_is_an_error(tmp_path):
    (tmp_path / "s.csv").touch()
    (tmp_path / "t.html").touch()
    for name in ("s.csv", "t.csv"):
        with pytest.raises(RunError, match="it exists already"):
            choose_csv("pets", tmp_path / name)
        assert choose_csv("pets", tmp_path / name, overwrite=True) == tmp_path / name
    for out in (tmp_path / "s.txt", "s3://bucket/s.csv"):
        with pytest.raises(RunError, match=r"need the path of a \.csv file on this machine"):
            choose_csv("pets", out)


def test_files_do_not_lie_among_the_photos(tmp_path):
    with pytest.raises(RunError, match="it lies inside the folder of photos"):
        refuse_inside(tmp_path / "s.csv", str(tmp_path))


def test_a_page_and_a_csv_are_written(suggestions, tmp_path):
    path = tmp_path / "out" / "s.csv"
    seen = []
    written = write_files(suggestions, path, progress=lambda *counts: seen.append(counts))
    assert (written.csv, written.page) == (path, find_page(path))
    page = written.page.read_text()
    assert page.count("data:image/jpeg;base64,") == 4
    assert "cannot be shown" in page
    assert ">dots/000.jpg<" in page
    assert f"column label of {path}" in page
    assert f"headstart train {path}" in page
    assert seen[-1] == (5, 5)
    assert path.read_text().count("\n") == 6
    with pytest.raises(RunError, match="it exists already"):
        write_files(suggestions, path)
    write_files(suggestions, path, overwrite=True)
    assert sorted(file.name for file in path.parent.iterdir()) == ["s.csv", "s.html"]


def test_the_summary_counts(suggestions):
    assert summarise(suggestions) == [
        "30 photos without a label, compared with 20 with a label.", "2 have a label already and were left out.",
        "Suggested: 5 least sure.",
    ]  # fmt: skip
    some = Suggestions(photos=(), source="x", n_unlabelled=9, n_left_out=1, n_passed_over=6, n_identical=10)
    assert summarise(some)[1:-1] == [
        "1 has a label already and was left out.",
        "6 were left out because an earlier suggestion has them without a label: delete their rows there to have them "
        "suggested again.", "10 files are identical to another one and were left out.",
    ]  # fmt: skip
    assert summarise(Suggestions(photos=(), source="x", n_unlabelled=1)) == [
        "1 photo without a label, compared with no photo with a label.", "Suggested: none.",
    ]  # fmt: skip
