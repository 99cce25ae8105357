"""The decisions of a person are read from a CSV; each mistake in it gets a sentence."""

import pytest

from headstart.errors import AuditError
from headstart.inspection.decisions import read_decisions

DIGEST = "ab" * 32
HEADER = "path,digest,decision,label,new_label,kind,note\n"


@pytest.fixture
def read(tmp_path):
    def read_text(text, encoding="utf-8"):
        path = tmp_path / "decisions.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return read_decisions(path)

    return read_text


def test_each_row_is_a_decision(read):
    rows = read(f'{HEADER}"a,b.jpg",{DIGEST},relabel,cats,dogs,wrong_label,"it ""barks"""\nb.jpg,,Keep,,,,\n\n,,,,,,\n')
    assert [(row.row, row.path, row.decision) for row in rows] == [(2, "a,b.jpg", "relabel"), (3, "b.jpg", "keep")]
    assert (rows[0].digest, rows[0].label, rows[0].new_label) == (DIGEST, "cats", "dogs")
    assert (rows[0].kind, rows[0].note) == ("wrong_label", 'it "barks"')


def test_columns_may_be_in_any_order_and_two_are_enough(read):
    (row,) = read("Decision;mine;Path\ndrop;x;a.jpg\n")
    assert (row.path, row.decision, row.digest) == ("a.jpg", "drop", "")


def test_guarded_cells_and_wide_text_are_read(read):
    (row,) = read(f"{HEADER}'=a.jpg,,drop,,,,\n", "utf-16")
    assert row.path == "=a.jpg"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a.jpg,,delete,,,,", "row 2 has the decision 'delete', need keep, relabel, drop, skip"),
        (",,keep,,,,", "row 2 has no path"),
        ("a.jpg,,relabel,cats,,,", r"row 2 has no new_label, need the class that 'a\.jpg' shows"),
        ("a.jpg,123,keep,,,,", "row 2 has the digest '123', need a SHA-256 of 64 hexadecimal digits or nothing"),
        ("a.jpg,,relabel,cats,a\tb,,", r"row 2 has the new label 'a\\tb', need plain text"),
    ],
)
def test_a_wrong_row_is_named(read, row, problem):
    with pytest.raises(AuditError, match=f"Cannot read '.*decisions.csv': got 1 problem, need none:\n  {problem}"):
        read(HEADER + row)


def test_all_problems_are_told_at_once(read):
    with pytest.raises(
        AuditError, match=r"got 12 problems, need none:(\n  row \d+ has no path){10}\n  and 2 more\nCor"
    ):
        read(HEADER + ",,keep,,,,\n" * 12 + "a.jpg,,keep,,,,\n")


def test_missing_and_repeated_columns_are_named(read):
    with pytest.raises(AuditError, match=r"got no column 'path' and no column 'decision' \(its columns: file, label\)"):
        read("file,label\n1,2\n")
    with pytest.raises(AuditError, match="the column 'path' 2 times"):
        read("path,path,decision\n1,2,keep\n")
    with pytest.raises(AuditError, match=r"its columns: none\), need path,digest,decision"):
        read("")


def test_what_is_no_csv_gets_a_sentence(read, tmp_path):
    with pytest.raises(AuditError, match=r"got a binary file, need the decisions\.csv of an audit"):
        read(b"PK\0\0")
    with pytest.raises(AuditError, match=r"got no CSV \(.*\), need path,digest,decision"):
        read('path,decision\n"' + "x" * 200_000 + '",keep\n')
    with pytest.raises(AuditError, match=r"No such file or directory\. Give the decisions\.csv"):
        read_decisions(tmp_path / "nothing.csv")
