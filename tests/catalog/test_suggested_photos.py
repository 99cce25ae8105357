"""The note on photos that headstart suggest chose."""

from headstart.catalog.scan import scan_photos
from headstart.catalog.suggested_photos import join_suggested, note_suggested
from headstart.evaluation.notes import Note


def test_the_note_says_that_the_photos_are_no_random_sample():
    assert note_suggested(1).text.startswith("1 of the photos was chosen by headstart suggest: it is no random sample")
    text = note_suggested(1_200).text
    assert text.startswith("1,200 of the photos were chosen by headstart suggest: they are no random sample, so the ")
    assert text.endswith("label some photos drawn at random, and evaluate on them.")


def test_photos_of_a_run_before_are_counted_too():
    other = Note("layout", "x")
    assert join_suggested([other], [Note("leak", "y")]) == (other,)
    assert join_suggested([note_suggested(3), other], [note_suggested(1_000)]) == (other, note_suggested(1_003))
    assert join_suggested([other], [note_suggested(7)]) == (other, note_suggested(7))


def test_a_scan_counts_each_photo_once(make_folder, tmp_path):
    folder = make_folder(n=5)
    for name, n in (("a.csv", 3), ("b.csv", 4)):
        rows = [f"{folder / label}/00{i}.jpg,{label},," for label in ("dots", "stripes") for i in range(n)]
        (tmp_path / name).write_text("\n".join(["path,label,guess,reason", *rows]))

    def list_notes(*sources):
        return [note.text for note in scan_photos(list(sources)).notes if note.code == "suggested-photos"]

    assert list_notes(tmp_path / "a.csv") == [note_suggested(6).text]
    assert list_notes(tmp_path / "a.csv", tmp_path / "b.csv") == [note_suggested(8).text]
    assert list_notes(tmp_path / "a.csv", folder) == [note_suggested(6).text]
    assert list_notes(folder) == []
