"""TensorBoard's event files, written without TensorFlow and read back."""

import struct
import subprocess
import sys

import pytest

import headstart as hs
from headstart.errors import RunError
from headstart.process.packages import is_installed

pytestmark = pytest.mark.skipif(not is_installed("tensorboardX"), reason="needs the extra tensorboard")


@pytest.fixture(scope="module")
def run(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("tensorboard")
    return hs.train(
        paint_folder(base / "photos"), out=base / "runs" / "patterns", method="fixed", image_size=96, verbose=False,
        track="tensorboard",
    )  # fmt: skip


def read_values(folder):
    """Yield step and value of every event of the one file in a folder, by the format of TFRecord files."""
    from tensorboardX.proto.event_pb2 import Event

    (path,) = (path for path in folder.iterdir() if path.is_file())
    data, start = path.read_bytes(), 0
    while start < len(data):
        (n,) = struct.unpack_from("<Q", data, start)
        event = Event.FromString(data[start + 12 : start + 12 + n])
        start += n + 16  # the length, and a checksum after each of the two
        yield from ((event.step, value) for value in event.summary.value)


def read_scalars(folder):
    return [(value.tag, step, value.simple_value) for step, value in read_values(folder)
            if value.WhichOneof("value") == "simple_value"]  # fmt: skip


def test_the_curves_of_training_and_validation_are_two_runs(run):
    history = run.history
    for data, rows in history.groupby("Data"):
        scalars = read_scalars(run.folder / "tensorboard" / data.lower())
        for tag, column in (("history/accuracy", "Accuracy"), ("history/loss", "Loss")):
            points = [(step, value) for name, step, value in scalars if name == tag]
            assert [step for step, _ in points] == list(rows["Epoch"])
            assert [value for _, value in points] == pytest.approx(list(rows[column]))


def test_event_files_have_metrics_figures_parameters_and_verdict(run):
    values = list(read_values(run.folder / "tensorboard"))
    scalars = {name: value for name, _, value in read_scalars(run.folder / "tensorboard")}
    assert scalars["test/accuracy"] == pytest.approx(run.metrics["test"]["accuracy"])
    images = {value.tag: value.image for _, value in values if value.WhichOneof("value") == "image"}
    for path in (run.folder / "figures").iterdir():
        assert images[f"figures/{path.stem}"].encoded_image_string == path.read_bytes()
    texts = {value.tag: value.tensor.string_val[0].decode() for _, value in values if value.tensor.string_val}
    assert texts["verdict/text_summary"] == run.verdict
    assert "| method | fixed |" in texts["parameters/text_summary"]
    assert "_hparams_/session_start_info" in {value.tag for _, value in values}


def test_tracking_again_replaces_the_event_files(run):
    before = sorted(path.relative_to(run.folder).parent for path in run.folder.rglob("*tfevents*"))
    said = run.track("tensorboard")
    assert said.endswith(f"(pip install tensorboard): tensorboard --logdir {run.folder.resolve().parent}")
    assert sorted(path.relative_to(run.folder).parent for path in run.folder.rglob("*tfevents*")) == before
    assert not list(run.folder.glob(".*"))


def test_a_tracked_run_can_be_replaced(run, tmp_path):
    hs.train(
        run.folder / "catalog.csv", out=run.folder, overwrite=True, method="fixed", image_size=96, verbose=False,
        track="tensorboard",
    )  # fmt: skip
    assert (run.folder / "tensorboard" / "training").is_dir()


@pytest.mark.parametrize("options", [{"method": "hybrid", "epochs": 1}, {"budget_s": 30.0}])
def test_runs_of_hybrid_and_auto_can_be_tracked(make_folder, tmp_path, options):
    pytest.importorskip("torch", exc_type=ImportError)
    run = hs.train(
        make_folder(n=14), out=tmp_path / "run", image_size=96, verbose=False, track="tensorboard", **options
    )
    steps = {step for _, step, _ in read_scalars(run.folder / "tensorboard" / "validation")}
    assert steps == set(run.history["Epoch"][run.history["Data"] == "Validation"])
    texts = "".join(str(value.tensor) for _, value in read_values(run.folder / "tensorboard"))
    assert ("| tuning.learning_rate |" in texts) == (options.get("method") == "hybrid")
    assert f"| is_auto | {'method' not in options} |" in texts


def test_a_folder_that_cannot_be_written_leaves_the_run_as_it_was(run, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tensorboardX.SummaryWriter.add_scalar", fail)
    before = sorted(run.folder.rglob("*"))
    with pytest.raises(RunError, match="No space left"):
        run.track("tensorboard")
    assert sorted(run.folder.rglob("*")) == before


def test_tracking_imports_neither_torch_nor_tensorflow(run):
    hide = "import sys\nsys.modules |= dict.fromkeys(['torch', 'tensorflow', 'tensorboard'])"
    code = f"{hide}\nimport headstart as hs\nhs.Run({str(run.folder)!r}).track('tensorboard')"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_tensorboard_reads_the_event_files(run):
    pytest.importorskip("tensorboard", reason="needs TensorBoard itself: make test-track", exc_type=ImportError)
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    reader = EventMultiplexer().AddRunsFromDirectory(str(run.folder.parent)).Reload()
    assert sorted(reader.Runs()) == [f"patterns/tensorboard{end}" for end in ("", "/training", "/validation")]
    steps = [event.step for event in reader.Scalars("patterns/tensorboard/training", "history/accuracy")]
    assert steps == list(run.history["Epoch"][run.history["Data"] == "Training"])
