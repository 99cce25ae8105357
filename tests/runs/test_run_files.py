"""The files of a run: the same bytes each time; errors are raised."""

import csv
import dataclasses

import pytest

import headstart as hs
from headstart.errors import RunError
from headstart.report.chart_process import ChartDrawer, ChartProcess
from headstart.runs import run_files
from headstart.runs.run_files import begin_charts, write_run
from headstart.training import train


@pytest.fixture
def contents(make_folder, tmp_path, monkeypatch):
    """Return the contents of the run of a training."""
    kept = []

    def keep(folder, contents, chart_drawer):
        kept.append(contents)
        write_run(folder, contents, chart_drawer)

    monkeypatch.setattr(train, "write_run", keep)
    hs.train(make_folder(), out=tmp_path / "run", image_size=96, verbose=False)
    return dataclasses.replace(kept[0], note_time=lambda _: None)


def test_one_process_and_two_write_the_same_bytes(contents, tmp_path):
    written = []
    for name, make_drawer in (("one", ChartDrawer), ("two", ChartProcess)):
        folder = tmp_path / name
        folder.mkdir()
        with make_drawer() as chart_drawer:
            begin_charts(folder, contents.metrics, contents.history, chart_drawer)
            write_run(folder, contents, chart_drawer)
        written.append({p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()})
    assert written[0] == written[1]
    assert len(written[0]) >= 13


def test_an_error_in_a_background_thread_is_raised(contents, tmp_path, monkeypatch):
    def fail():
        raise RunError("Cannot draw.")

    monkeypatch.setattr(run_files, "preload_page_modules", fail)
    folder = tmp_path / "one"
    folder.mkdir()
    with pytest.raises(RunError, match=r"Cannot draw\."):
        write_run(folder, contents, ChartDrawer())


def test_predictions_have_a_row_per_photo_and_sum_to_one(contents, tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    write_run(folder, contents, ChartDrawer())
    with (folder / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(contents.catalog.photos)
    for row in rows:
        assert row["probability"] == row[f"probability of {row['prediction']}"]
        assert row["is_right"] == str(row["label"] == row["prediction"])
        assert sum(float(row[f"probability of {label}"]) for label in contents.catalog.labels) == pytest.approx(1, 1e-4)


def test_the_caption_of_the_curves_names_the_working_points_in_the_chart():
    explain = run_files._explain_curves
    point = {"label": "dots", "recall": 0.9, "test": None}
    assert "circle" not in explain(2, [])
    assert "circle" not in explain(2, [point | {"test": {"recall": None}}])
    assert explain(2, [point]).endswith(" The circle is the working point of 'dots'.")
    both = [point, point | {"label": "bars"}]
    assert explain(2, both).endswith(" The circles are the working points of 'dots' and 'bars'.")
