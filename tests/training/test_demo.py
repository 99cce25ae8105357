"""The demo's split: three quarters train, stratified by probability and type of cell."""

import csv
from collections import Counter

import pytest

from headstart.errors import MissingExtraError
from headstart.training import demo


def test_the_split_is_stratified_as_the_published_one(tmp_path):
    path = tmp_path / "cells.csv"
    demo.write_demo_catalog(path, seed=3)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2624
    assert Counter(row["label"] for row in rows) == {"functional": 1803, "defective": 821}
    truth = {str(photo): (probability, kind) for photo, probability, kind in demo.find_cells()}
    shares = Counter(truth[row["path"]] for row in rows if row["split"] == "train")
    totals = Counter(truth.values())
    assert all(abs(shares[stratum] - 0.75 * totals[stratum]) <= 0.5 for stratum in totals)


def test_the_weight_of_a_training_photo_can_be_the_experts_certainty(tmp_path):
    demo.write_demo_catalog(tmp_path / "cells.csv", is_weighted=True)
    with (tmp_path / "cells.csv").open(newline="") as file:
        weights = Counter((row["split"], row["weight"]) for row in csv.DictReader(file))
    assert set(weights) == {("train", "1.0"), ("train", "0.3333"), ("test", "1")}


def test_the_seed_decides_the_split(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        demo.write_demo_catalog(tmp_path / name, seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_the_extra_is_named_if_the_photos_are_not_installed(monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'headstart\[demo\]'"):
        demo.find_cells()
