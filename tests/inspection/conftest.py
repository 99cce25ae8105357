"""Sets of photos without files."""

from collections.abc import Callable

import numpy as np
import pytest

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.inspection.photo_set import PhotoSet


@pytest.fixture
def make_set() -> Callable[..., PhotoSet]:
    """Make a set from features (N, D) and labels; its photos are named ``LABEL/NUMBER.jpg``."""

    def make(X, labels, *, extra=(), splits=None, **rest) -> PhotoSet:
        splits = splits or [None] * len(labels)
        photos = tuple(
            Photo(f"{label}/{n:05}.jpg", label, digest=f"{n:064x}", split=split)
            for n, (label, split) in enumerate(zip(labels, splits, strict=True))
        )
        names = tuple(sorted(set(labels)))
        y = np.array([names.index(label) for label in labels], np.int64)
        catalog = Catalog((*photos, *extra))
        return PhotoSet(catalog=catalog, photos=photos, labels=names, y=y, X=np.asarray(X, np.float32), **rest)

    return make


@pytest.fixture
def make_classes() -> Callable[..., tuple[np.ndarray, list[str]]]:
    """Make features of some classes: normal around a centre each."""

    def make(n_each, n_classes=3, n_features=40, *, distance=1.0, seed=0):
        generator = np.random.default_rng(seed)
        centres = generator.normal(0, distance, (n_classes, n_features))
        X = np.repeat(centres, n_each, 0) + generator.normal(0, 1, (n_each * n_classes, n_features))
        return X.astype(np.float32), [f"class {n}" for n in range(n_classes) for _ in range(n_each)]

    return make
