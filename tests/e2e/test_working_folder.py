"""Commands inside a folder of photos or of a project: they read the photos alone, and write into runs/ there."""

import json
import shutil

import pytest


@pytest.mark.slow
def test_training_and_advice_in_the_folder_of_photos_can_be_repeated(make_folder, headstart):
    pets = make_folder("pets")
    before = {path.name for path in pets.parent.iterdir()}
    for _ in range(2):
        answer = headstart("train", ".", "--image-size", "96", "--method", "fixed", "--json", cwd=pets)
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout)["classes"] == ["dots", "stripes"]
    advice = headstart("advise", ".", "--image-size", "96", "--json", cwd=pets)
    assert json.loads(advice.stdout)["n_per_class"].keys() == {"dots", "stripes"}
    again = headstart("evaluate", "runs/pets", ".", "--split", "all", "--json", cwd=pets)
    assert set(json.loads(again.stdout)["unknown_labels"]) == set()
    written = {"pets", "pets-2", *(path.rpartition("/")[2] for path in json.loads(advice.stdout)["pictures"])}
    assert {path.name for path in (pets / "runs").iterdir()} == written
    assert {path.name for path in pets.parent.iterdir()} == before


@pytest.mark.slow
def test_a_project_is_trained_on_its_data_alone_and_never_on_folders_of_data(make_folder, tmp_path, headstart):
    make_folder("project/data")
    project = tmp_path / "project"
    (project / "src").mkdir()
    (project / "src" / "main.py").write_text("print()")
    shutil.copytree(project / "data" / "dots", project / "runs" / "exp" / "views")
    answer = headstart("train", ".", "--image-size", "96", "--method", "fixed", "--json", cwd=project)
    assert answer.returncode == 0, answer.stderr
    metrics = json.loads(answer.stdout)
    assert metrics["classes"] == ["dots", "stripes"]
    assert any("'runs/' (20 photos)" in note for note in metrics["notes"])
    assert (project / "runs" / "project" / "model.onnx").exists()
    shutil.copytree(project / "data" / "dots", project / "docs")
    refused = headstart("train", ".", "--image-size", "96", cwd=project)
    assert refused.returncode == 1
    assert "need to know which folders are the classes" in refused.stderr
