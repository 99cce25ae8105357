"""``headstart track``: an error is one line."""


def test_a_folder_without_a_run_is_refused(headstart, tmp_path):
    done = headstart("track", tmp_path, "--to", "mlflow")
    assert done.returncode == 1
    assert done.stderr.startswith("headstart: Cannot open run")
    assert "Traceback" not in done.stderr


def test_a_tracker_must_be_named(headstart, tmp_path):
    assert headstart("track", tmp_path).returncode == 2
    assert "'wandb' is not one of 'mlflow', 'tensorboard'" in headstart("track", tmp_path, "--to", "wandb").stderr
