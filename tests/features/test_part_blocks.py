"""Parquet files are read block by block, by several threads, as they were written."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from headstart.catalog.source_listing import ListedPhoto
from headstart.features.parquet_parts import COLUMN, EmbeddedPhoto, write_part
from headstart.features.part_blocks import PartBlocks
from headstart.head.logistic import fit_logistic
from headstart.head.streamed_logistic import fit_streamed

pa = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.parquet")


def write_parts(folder, X, n_rows):
    for number, start in enumerate(range(0, len(X), n_rows)):
        rows = X[start : start + n_rows]
        photos = [EmbeddedPhoto(ListedPhoto(f"{start + n}.jpg", "a", None), "00", "") for n in range(len(rows))]
        write_part(folder / f"part-{number}.parquet", photos, rows)
    return sorted(folder.glob("part-*"))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_blocks_are_the_rows_that_were_written(tmp_path, dtype):
    X = np.random.default_rng(0).normal(size=(10, 3)).astype(dtype)
    blocks = PartBlocks(write_parts(tmp_path, X, 4))
    assert (blocks.n_features, blocks.sizes) == (3, (4, 4, 2))
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(blocks.read, [0, 1, 2] * 5))
    np.testing.assert_array_equal(np.concatenate(found), np.tile(X, (5, 1)))


def test_row_groups_are_blocks_too(tmp_path):
    X = np.arange(12, dtype=np.float16).reshape(6, 2)
    column = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), 2)
    pa.parquet.write_table(pa.table({COLUMN: column}), tmp_path / "a.parquet", row_group_size=4)
    blocks = PartBlocks([tmp_path / "a.parquet"])
    assert blocks.sizes == (4, 2)
    np.testing.assert_array_equal(blocks.read(1), X[4:])


def test_a_head_fitted_to_parts_is_that_fitted_to_their_rows(tmp_path):
    generator = np.random.default_rng(1)
    X = generator.normal(size=(400, 6)).astype(np.float32)
    y = (X[:, 0] + generator.normal(size=400) > 0).astype(int)
    plain = fit_logistic(X, y, n_classes=2, strength=0.1)
    streamed = fit_streamed(PartBlocks(write_parts(tmp_path, X, 90)), y, 2, strength=0.1, subsample_rows=100)
    assert streamed.is_converged
    np.testing.assert_allclose(streamed.head.weights, plain.head.weights, atol=1e-3)
