"""What differs between two runs: photos, labels, splits, settings, versions, figures and answers."""

import csv
import json
import shutil

import pytest

import headstart as hs
from headstart.errors import RunError
from headstart.runs.run_diff import write_diff


def train(photos, out, **settings):
    return hs.train(photos, out=out, method="fixed", image_size=96, verbose=False, **settings)


@pytest.fixture(scope="module")
def made(tmp_path_factory, paint_folder):
    base = tmp_path_factory.mktemp("diff")
    return train(paint_folder(base / "photos", n=16), base / "run")


@pytest.fixture
def copy(made, tmp_path):
    return shutil.copytree(made.folder, tmp_path / "copy")


def edit(path, change):
    """Change the rows of a table."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_a_run_and_its_copy_do_not_differ(made, copy):
    found = hs.diff(made, copy)
    assert found["photos"] == {"n": [32, 32], "n_shared": 32, "added": [], "removed": []}
    for name in ("labels", "splits", "groups", "weights", "settings", "versions", "machine", "answers"):
        assert not found[name], name
    assert found["n_answered"] == 32
    assert found["figures"]["test"][0] == found["figures"]["test"][1]
    assert found["comparison"]["p"] == 1
    assert write_diff(found).endswith("both are right on the same photos.")


def test_another_seed_gives_other_splits(made, tmp_path):
    other = train(made.folder.parent / "photos", tmp_path / "other", seed=1)
    found = hs.diff(made.folder, other.folder)
    assert found["settings"] == {"seed": [0, 1]}
    assert 5 < len(found["splits"]) < 32
    change = found["splits"][0]
    assert change["before"] != change["after"]
    assert not found["photos"]["added"]
    assert not found["labels"]


def test_photos_and_labels_are_compared_by_content(made, paint_folder, tmp_path):
    folder = shutil.copytree(made.folder.parent / "photos", tmp_path / "photos")
    (folder / "dots" / "000.jpg").unlink()
    shutil.copy(folder / "dots" / "001.jpg", folder / "dots" / "new.jpg")
    with (folder / "dots" / "new.jpg").open("ab") as file:
        file.write(b"\0")
    (folder / "dots" / "002.jpg").rename(folder / "stripes" / "was dots.jpg")
    found = hs.diff(made, train(folder, tmp_path / "other", near_copies="ignore"))
    assert found["photos"]["added"] == ["dots/new.jpg"]
    assert found["photos"]["removed"] == ["dots/000.jpg"]
    assert found["labels"] == [{"path": "stripes/was dots.jpg", "before": "dots", "after": "stripes"}]
    asked = {name: values for name, values in found["settings"].items() if name not in ("features", "head")}
    assert asked == {"near_copies": ["together", "ignore"]}  # features and head are chosen by the photos


def test_other_answers_are_listed_and_tested_on_the_shared_test_photos(made, copy):
    def turn(rows):
        for row in rows:
            row["prediction"] = "stripes" if row["prediction"] == "dots" else "dots"

    edit(copy / "predictions.csv", turn)
    found = hs.diff(made, copy)
    assert len(found["answers"]) == 32
    n_test = made.metrics["test"]["n"]
    first = found["answers"][0]
    assert first["splits"] == found["answers"][n_test - 1]["splits"] == ["test", "test"]
    assert first["before"] != first["after"]
    compared = found["comparison"]
    assert compared["n_only_before"] + compared["n_only_after"] == compared["n"] == n_test
    assert compared["accuracy"][0] == made.metrics["test"]["accuracy"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (1, 12, "only the second run is right on 12, and only the first on 1: this is more than chance (McNemar's "
         "exact test, p = 0.0034)."),
        (1, 2, "only the second run is right on 2, and only the first on 1: this may be chance (McNemar's exact test, "
         "p = 1)."),
    ],
)  # fmt: skip
def test_the_sentence_says_whether_the_difference_is_more_than_chance(before, after, told):
    from headstart.evaluation.mcnemar import mcnemar_p

    p = mcnemar_p(before, after)
    compared = {"n": 50, "n_only_before": before, "n_only_after": after, "p": p, "is_more_than_chance": p < 0.05}
    assert write_diff({"comparison": compared}) == f"Of the 50 test photos of both runs, {told}"
    by_rule = write_diff({"comparison": compared | {"is_decided": True}})
    assert by_rule == f"By the answers of the working points, of the 50 test photos of both runs, {told}"


def test_runs_without_a_common_test_photo_are_not_tested(made, copy):
    def swap(rows):
        for row in rows:
            row["split"] = {"test": "train"}.get(row["split"], row["split"])

    edit(copy / "catalog.csv", swap)
    found = hs.diff(made, copy)
    assert found["comparison"] is None
    assert write_diff(found).startswith("No photo is a test photo of both runs")


def test_a_run_of_an_earlier_version_is_compared_by_its_metrics(made, copy):
    (copy / "run.json").unlink()
    found = hs.diff(copy, copy)
    assert not found["settings"]
    metrics = json.loads((copy / "metrics.json").read_text())
    (copy / "metrics.json").write_text(json.dumps(metrics | {"seed": 7}))
    other = shutil.copytree(made.folder, copy.with_name("other"))
    (other / "run.json").unlink()
    assert hs.diff(other, copy)["settings"] == {"seed": [0, 7]}
    mixed = hs.diff(made, copy)
    assert (mixed["settings"], mixed["versions"], mixed["machine"]) == ({"seed": [0, 7]}, {}, {})
    assert mixed["without_record"] == [str(copy)]


def test_predictions_of_other_photos_are_refused(made, copy):
    edit(copy / "predictions.csv", lambda rows: [row.update(path=f"x{row['path']}") for row in rows])
    with pytest.raises(RunError, match=r"got other paths in predictions\.csv than in catalog\.csv, need the same"):
        hs.diff(made, copy)


def test_runs_with_another_working_point_differ_in_it_and_in_their_answers(made, tmp_path):
    photos = made.folder.parent / "photos"
    sure = train(photos, tmp_path / "sure", cost=["dots:stripes=1e9"])
    found = hs.diff(made, sure)
    before, after = found["working_points"]["dots"]
    assert before is None
    assert after["threshold"] < 1e-6
    assert [cost["cost"] for cost in after["costs"]] == [1e9]
    assert {row["after"] for row in found["answers"]} == {"dots"}
    assert len(found["answers"]) >= 10
    assert not hs.diff(sure, sure)["working_points"]


def test_the_shares_of_refused_photos_are_compared(made, copy):
    metrics = json.loads((copy / "metrics.json").read_text())
    counted = {"n": 50, "n_refused": 1, "refused": 0.02, "refused_ci95": [0.0, 0.1]}
    metrics["novelty"] |= {"refuse": 0.05, "test": counted, "strangers": None}
    (copy / "metrics.json").write_text(json.dumps(metrics))
    found = hs.diff(made, copy)["refused"]
    assert found["test"][1] == {"n": 50, "refused": 0.02, "refused_ci95": [0.0, 0.1], "refuse": 0.05}
    assert [side and side["n"] >= 56 for side in found["strangers"]] == [True, None]
