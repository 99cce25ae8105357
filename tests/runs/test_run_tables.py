"""The tables of a run give back what training wrote."""

import pytest

import headstart as hs
from headstart.errors import RunError
from headstart.runs.run_tables import read_answers, read_run_photos

CATALOG = "path,label,split,digest,group,weight,near_copies,drawn\r\n"


def test_rows_have_all_fields(tmp_path):
    (tmp_path / "catalog.csv").write_text(
        f"{CATALOG}'=1.jpg,'-cats,train,00,anna,0.5,01,yes\r\nb.jpg,dogs,,01,,1.0,,\r\n"
    )
    first, second = read_run_photos(tmp_path)
    assert (first.file, first.label, first.split, first.digest) == ("=1.jpg", "-cats", "train", "00")
    assert (first.group, first.weight, first.near_copies, first.is_drawn) == ("anna", 0.5, "01", True)
    assert (second.split, second.group, second.weight, second.near_copies, second.is_drawn) == (
        None,
        None,
        1,
        None,
        False,
    )


def test_the_photos_of_a_run_are_those_of_its_catalog(make_folder, tmp_path):
    run = hs.train(make_folder(n=8), out=tmp_path / "run", method="fixed", image_size=96, verbose=False)
    photos = read_run_photos(run.folder)
    assert all(photo.is_drawn for photo in photos)
    answers = read_answers(run.folder)
    assert answers.keys() == {photo.file for photo in photos}
    for answer in answers.values():
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert answer.label == max(answer.probabilities, key=answer.probabilities.get)


def test_of_many_classes_the_probabilities_of_the_label_and_of_the_answer_are_read(tmp_path):
    header = "path,split,label,prediction,probability,is_right,probability of the label,prediction 2,probability 2"
    (tmp_path / "predictions.csv").write_text(f"{header}\n1.jpg,test,a,b,0.6,False,0.1,c,0.2\n")
    (answer,) = read_answers(tmp_path).values()
    assert (answer.label, answer.probabilities) == ("b", {"a": 0.1, "b": 0.6})


@pytest.mark.parametrize(
    "rows", ["", "1.jpg,cats,train\n", "1.jpg,cats,training,00,,1,,\n", "1.jpg,cats,train,x,,1,,\n"]
)
def test_a_damaged_catalog_is_named(tmp_path, rows):
    (tmp_path / "catalog.csv").write_text(CATALOG + rows)
    with pytest.raises(RunError, match=r"catalog\.csv': got a damaged or edited file"):
        read_run_photos(tmp_path)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(RunError, match=r"Cannot read '.*predictions\.csv': No such file"):
        read_answers(tmp_path)


def test_the_answer_by_the_working_point_is_read_where_there_is_one(tmp_path):
    header = "path,split,label,prediction,probability,answer,is_right,probability of a,probability of b"
    (tmp_path / "predictions.csv").write_text(f"{header}\n1.jpg,test,a,b,0.6,a,False,0.4,0.6\n")
    (answer,) = read_answers(tmp_path).values()
    assert (answer.label, answer.probabilities) == ("a", {"a": 0.4, "b": 0.6})
