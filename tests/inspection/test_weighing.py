"""Photos with doubtful labels count less in training."""

from pathlib import Path

import pandas as pd
import pytest

from headstart.catalog.scan import scan_photos
from headstart.inspection.applying import apply_corrections
from headstart.inspection.audit import AuditOptions

OPTIONS = AuditOptions(image_size=96, verbose=False)


@pytest.fixture
def photos(make_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = make_folder(n=30)
    for n in (0, 1):  # wrong labels
        (folder / "dots" / f"{n:03}.jpg").rename(folder / "stripes" / f"wrong{n}.jpg")
    return folder


def weigh(photos, **given):
    applied = apply_corrections(photos, is_weighed=True, options=OPTIONS, **given)
    table = pd.read_csv(applied.path)
    return applied, {Path(row.path).name: getattr(row, "weight", 1.0) for row in table.itertuples()}


def test_doubtful_labels_count_less(photos):
    applied, weights = weigh(photos)
    assert {name for name, weight in weights.items() if weight < 1} >= {"wrong0.jpg", "wrong1.jpg"}
    assert sum(weight < 1 for weight in weights.values()) <= 5
    assert min(weights.values()) >= 0.05
    change = next(row for row in applied.corrections.changes if row.path.endswith("wrong0.jpg"))
    assert (change.change, change.old, float(change.new)) == ("weigh", "1", weights["wrong0.jpg"])
    assert change.reason.startswith("The label 'stripes' looks doubtful: its probability is ")
    assert applied.to_dict()["n_weighed"] == sum(weight < 1 for weight in weights.values())
    kept = {Path(photo.file).name: photo.weight for photo in scan_photos(applied.path).photos}
    assert kept == weights


def test_a_photo_that_a_person_decided_about_counts_as_before(photos, tmp_path):
    decisions = tmp_path / "decisions.csv"
    decisions.write_text("path,decision,new_label\nstripes/wrong0.jpg,keep,\nstripes/wrong1.jpg,relabel,dots\n")
    _, weights = weigh(photos, decisions=decisions)
    assert weights["wrong0.jpg"] == weights["wrong1.jpg"] == 1


def test_weighing_again_changes_nothing(photos):
    first, weights = weigh(photos)
    assert weigh(photos)[0].path.read_bytes() == first.path.read_bytes()
    again = apply_corrections(first.path, is_weighed=True, options=OPTIONS)
    assert (again.corrections.changes, again.path) == ((), None)
    assert weights["wrong0.jpg"] < 1
