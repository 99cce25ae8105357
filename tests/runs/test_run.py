"""The class Run."""

from pathlib import Path

import pytest

import headstart as hs
from headstart.errors import RunError
from headstart.evaluation.notes import Note


@pytest.fixture(scope="module")
def run(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("run")
    return hs.train(paint_folder(base / "photos", n=14), out=base / "run", image_size=96, verbose=False)


def test_a_run_reads_the_files_that_training_wrote(run):
    again = hs.Run(run.folder)
    assert again.metrics == run.metrics
    assert list(again.history.columns) == ["Data", "Epoch", "Accuracy", "Loss"]
    assert len(again.predictions) == sum(run.metrics[split]["n"] for split in ("train", "validation", "test"))
    assert again.model.labels == tuple(run.metrics["classes"])
    assert again.report.is_file()
    assert [note.text for note in again.notes] == run.metrics["notes"]
    assert again.notes[0].code == "layout"
    assert repr(again).startswith(f"Run('{run.folder}'): {again.verdict}")


def test_notes_of_an_earlier_version_are_texts(tmp_path):
    (tmp_path / "metrics.json").write_text('{"notes": ["Read as class folders."]}')
    assert hs.Run(tmp_path).notes == (Note("note", "Read as class folders."),)


def test_a_folder_without_metrics_is_refused(tmp_path):
    with pytest.raises(RunError, match="Give a folder that training wrote"):
        hs.Run(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", b'{"test": '),
        ("metrics.json", b'{"test": {"accuracy": "high"}}'),
        ("metrics.json", b"[" * 100_000),
        ("metrics.json", b"7"),
        ("notes.json", b'[{"code": "layout"}]'),
        ("notes.json", b"\xff\xfe"),
        ("history.csv", b"Data,Epoch\n1,2,3,4\n5,6,7,8,9"),
        ("predictions.csv", b"path\na,b\n1,2,3"),
        ("predictions.csv", None),
    ],
)
def test_a_damaged_file_of_a_run_is_named(tmp_path, name, content):
    (tmp_path / "metrics.json").write_text("{}")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    run = hs.Run(tmp_path)
    with pytest.raises(RunError, match=rf"Cannot read '.*{name}': .*Train again, or restore it\."):
        _ = run.verdict, run.notes, getattr(run, Path(name).stem)


def test_predictions_have_the_names_themselves(tmp_path):
    """Formulas without the apostrophe, numbers with their zeros, and words that pandas takes for a missing value."""
    (tmp_path / "metrics.json").write_text("{}")
    rows = ["path,split,label,prediction,probability,is_right,prediction 2,probability of =x"]
    rows += ["'=1+1.jpg,test,'-cat,007,0.5,False,NA,0.5", "not \udcff.jpg,test,'@a,None,0.75,True,''=,0.25"]
    (tmp_path / "predictions.csv").write_bytes("\n".join(rows).encode("utf-8", "surrogateescape"))
    table = hs.Run(tmp_path).predictions
    assert table["path"].tolist() == ["=1+1.jpg", "not \udcff.jpg"]
    assert table["label"].tolist() == ["-cat", "@a"]
    assert table["prediction"].tolist() == ["007", "None"]
    assert table["prediction 2"].tolist() == ["NA", "'="]
    assert table["probability of =x"].sum() == 0.75
    assert table["is_right"].tolist() == [False, True]
