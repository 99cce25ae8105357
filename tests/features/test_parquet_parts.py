"""A part returns the bits that were written, also to other readers of Parquet."""

import numpy as np
import pandas as pd
import pytest

from headstart.catalog.source_listing import ListedPhoto
from headstart.features.parquet_parts import PartRow, PartSummary, read_features, read_summary, walk_keys, write_part

pytest.importorskip("pyarrow")
PHOTOS = [
    PartRow(ListedPhoto("a.jpg", "x", "train", group="g", weight=2.0), "00", "v1"),
    PartRow(ListedPhoto("a.jpg", "x", "train", group="g", weight=2.0), "00", "v2"),
    PartRow(ListedPhoto("b.jpg", "y", None), "01", "v1"),
]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_written_and_read_bits_are_equal(tmp_path, dtype):
    X = np.random.default_rng(0).normal(size=(3, 5)).astype(dtype)
    summary = write_part(tmp_path / "p.parquet", PHOTOS, X, skipped=[("c.jpg", "empty file")])
    assert summary == PartSummary(2, (("c.jpg", "empty file"),)) == read_summary(tmp_path / "p.parquet")
    found = read_features(tmp_path / "p.parquet")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, X)
    assert list(walk_keys(tmp_path / "p.parquet")) == [("00", "v1"), ("00", "v2"), ("01", "v1")]
    table = pd.read_parquet(tmp_path)
    np.testing.assert_array_equal(np.stack(table["features"].to_list()), X)
    assert table["split"].tolist()[:2] == ["train", "train"]
    assert table["weight"].tolist() == [2.0, 2.0, 1.0]


def test_a_part_may_be_empty(tmp_path):
    write_part(tmp_path / "p.parquet", [], np.zeros((0, 5), np.float32), skipped=[("c.jpg", "empty file")])
    assert read_features(tmp_path / "p.parquet").shape == (0, 5)
    assert read_summary(tmp_path / "p.parquet").n_photos == 0


def test_a_missing_incomplete_or_other_file_has_no_summary(tmp_path):
    assert read_summary(tmp_path / "p.parquet") is None
    write_part(tmp_path / "p.parquet", PHOTOS, np.zeros((3, 5), np.float32))
    whole = (tmp_path / "p.parquet").read_bytes()
    (tmp_path / "p.parquet").write_bytes(whole[:-10])
    assert read_summary(tmp_path / "p.parquet") is None
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "other.parquet")
    assert read_summary(tmp_path / "other.parquet") is None
