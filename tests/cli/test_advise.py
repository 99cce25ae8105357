"""``headstart advise`` as a user types it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from headstart.cli.app import app
from headstart.errors import RunError
from headstart.evaluation.forecast import Forecast
from headstart.methods.forecast import describe_forecast
from headstart.report.figure_file import save_png
from headstart.training import advise as advising
from headstart.training.advise import Advice
from headstart.training.expectations import Expectation

FORECAST = {"n": 51, "accuracy": 0.8, "n_near_copies": 0, "reason": "few-photos"}


@pytest.fixture
def advise(tmp_path, monkeypatch):
    """Run the command in a folder; the measurement is replaced."""
    measured = []

    def type_command(*arguments, cwd=tmp_path, forecast=FORECAST, notes=(), skipped=()):
        evidence = {
            "photos_per_class": 30.0,
            "cross_validated_accuracy": 0.8,
            "photos_judged": 51,
            "forecast": forecast,
        }

        def measure(data, **_):
            measured.append(data)
            expected = {"fixed": Expectation(0.8, (0.7, 0.9), 2.0)}
            return Advice(
                method="hybrid", cut="block_12", train_norms=True, quadrant="small and dissimilar", similarity=0.4,
                n_photos=60, n_per_class={"dots": 30}, evidence=evidence, methods=expected, why="so", notes=notes,
                skipped=skipped,
            )  # fmt: skip

        monkeypatch.chdir(cwd)
        monkeypatch.setattr(advising, "advise_method", measure)
        measured.clear()
        return CliRunner().invoke(app, ["advise", *map(str, arguments)])

    type_command.measured = measured
    return type_command


def check_refused(advise, done, what):
    """Check that the command failed with a message before any work."""
    assert isinstance(done.exception, RunError)
    assert what in str(done.exception)
    assert not advise.measured


@pytest.mark.slow
def test_json_is_printed_and_the_figure_is_drawn(headstart, make_folder, tmp_path):
    done = headstart(
        "advise", make_folder(n=20), "--image-size", 96, "--json", "--picture", "a/quadrant.png", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert {"method", "cut", "quadrant", "similarity", "n_photos", "n_per_class", "evidence", "methods"} <= set(record)
    assert record["pictures"][0] == record["picture"]
    assert len(record["pictures"]) == 1 + (record["evidence"]["forecast"]["reason"] is None)
    assert [note["text"] for note in record["note_records"]] == record["notes"]
    assert (tmp_path / "a" / "quadrant.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_advice_is_an_option_to_type(headstart, make_folder, tmp_path):
    done = headstart("advise", make_folder(n=20), "--image-size", 96, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "The accuracy of fixed was measured on the training photos, in cross-validation." in done.stdout
    advice = next(line for line in done.stdout.splitlines() if line.startswith("Advice: --method "))
    assert ("--train-norms" in advice) == ("fixed" not in advice)
    assert (tmp_path / "runs" / "photos-advice.png").exists()
    assert "Traceback" not in done.stderr


def test_without_a_forecast_the_reason_is_told(advise, make_folder):
    done = advise(make_folder(n=2))
    assert "A head on frozen features is right on 80.0% of 51 training photos, in cross-validation.\n" in done.output
    assert "Whether more photos would help cannot be told: 51 photos are too few." in done.output


def test_the_forecast_is_told_and_drawn(advise, make_folder, tmp_path):
    made = describe_forecast(Forecast(1000, 800, 0.2, 0.25, 0.05, 0.25, 0.05), guess=0.5, copy_share=0)
    points = [{"factor": 0.5, "accuracy": 0.75}]
    done = advise(make_folder(n=2), forecast={"n": 1000, "accuracy": 0.8} | made | {"points": points})
    assert "More photos would help. In cross-validation 80.0% of 1,000 photos are right. With twice" in done.output
    assert (tmp_path / "runs" / "photos-advice-forecast.png").read_bytes().startswith(b"\x89PNG")
    assert "Pictures: " in done.output


def test_a_missing_extra_is_named_in_a_note(advise, make_folder):
    done = advise(make_folder(n=2), notes=("Install it with: pip install 'headstart[tune]'",))
    assert "Note: Install it with: pip install 'headstart[tune]'\n" in done.output


def test_no_figure_is_written_among_the_photos(advise, make_folder):
    photos = make_folder("my.pets", n=2)
    before = sorted(photos.rglob("*"))
    assert advise(".", cwd=photos).exit_code == 0
    figure = photos / "runs" / "my.pets-advice.png"  # scans leave runs/ out
    assert sorted(photos.rglob("*")) == sorted([*before, figure.parent, figure])
    figure.unlink()
    figure.parent.rmdir()
    done = advise(photos, "--picture", photos / "dots" / "quadrant.png")
    check_refused(advise, done, "it lies inside the folder of photos")
    assert sorted(photos.rglob("*")) == before


def test_only_a_figure_of_headstart_is_replaced(advise, make_folder, tmp_path):
    photos = make_folder(n=2)
    for _ in range(2):
        assert advise(photos).exit_code == 0
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["photos-advice.png"]
    path = tmp_path / "mine.png"
    Image.new("RGB", (9, 9)).save(path)
    before = path.read_bytes()
    check_refused(advise, advise(photos, "--picture", path), "headstart did not draw it")
    assert path.read_bytes() == before
    save_png(Image.new("RGB", (9, 9)), path)
    assert advise(photos, "--picture", path).exit_code == 0
    assert path.read_bytes() != before


@pytest.mark.parametrize("path", ["a.jpg", "new/a.jpg", "file/a.png", "folder.png"])
def test_an_invalid_path_is_refused_before_the_work(advise, make_folder, tmp_path, path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.png").mkdir()
    check_refused(advise, advise(make_folder(n=2), "--picture", path), "Cannot write figure")
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder in which nobody can write, which /proc is")
def test_a_path_without_write_access_is_refused_before_the_work(advise, make_folder):
    check_refused(advise, advise(make_folder(n=2), "--picture", "/proc/a.png"), "Cannot write figure '/proc/a.png'")


def test_a_failed_command_leaves_no_file(headstart, make_folder, tmp_path):
    done = headstart("advise", make_folder(labels=("dots",), n=2), cwd=tmp_path)
    assert done.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


@pytest.mark.parametrize(
    ("has_torch", "said"), [(True, "in a few steps"), (False, "Times are estimates from the speed")]
)
def test_times_are_called_measured_only_if_they_were(advise, tmp_path, monkeypatch, has_torch, said):
    monkeypatch.setattr("headstart.tune.torch_import.can_tune", lambda: has_torch)
    assert said in " ".join(advise(tmp_path).output.split())


def test_files_that_were_left_out_are_told(advise, tmp_path):
    told = advise(tmp_path, skipped=({"path": "x.jpg", "reason": "the file is empty"},)).stderr
    assert "1 file left out, such as 'x.jpg': the file is empty. --json lists them." in told
    assert "left out" not in advise(tmp_path).stderr


def test_the_figure_of_several_sources_has_the_names_of_all(advise, make_folder, tmp_path):
    done = advise(make_folder("a"), make_folder("b"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "runs" / "a+b-advice.png").exists()
