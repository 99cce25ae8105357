"""Photos that an earlier suggestion has without a label."""

from headstart.catalog.hashing import hash_files
from headstart.inspection.passed_over import find_passed_over


def test_rows_without_a_label_of_suggestions_alone_count(make_folder, tmp_path):
    first, second, *_ = sorted(make_folder(n=2).glob("*/*.jpg"))
    rows = f"{first},dots,,\n{second},,dots,\n{tmp_path / 'gone.jpg'},,,\n"
    (tmp_path / "s.csv").write_text(f"path,label,guess,reason\n{rows}")
    (tmp_path / "other.csv").write_text(f"path,label,x,y\n{rows}")
    (tmp_path / "binary.csv").write_bytes(b"\0\0")
    others = [tmp_path, tmp_path / "nowhere.csv", tmp_path / "other.csv", tmp_path / "binary.csv", ([], [])]
    (wanted,) = hash_files([second])
    assert find_passed_over([tmp_path / "s.csv", *others]) == {wanted.digest}
    assert find_passed_over(others) == set()
