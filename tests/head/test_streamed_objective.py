"""The objective over blocks equals that over rows in memory."""

import numpy as np
import pytest

from headstart.head.objective import Objective, evaluate_scores
from headstart.head.standardise import measure_standardisation
from headstart.head.streamed_objective import StreamedObjective, count_nonfinite_in_blocks, evaluate_blocks
from headstart.process.progress import ignore_progress


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_rows", [7, 300, 900])
def test_loss_gradient_and_totals_equal_those_in_memory(make_features, cut_rows, n_classes, n_rows):
    X, y = make_features(700, 9, n_classes)
    random = np.random.default_rng(0)
    weight = random.uniform(0, 2, 700)
    standardisation, blocks = measure_standardisation(X, weight), cut_rows(X, n_rows)
    whole = Objective(standardisation.apply(X.astype(np.float64)), y, weight[:, None], n_classes)
    streamed = StreamedObjective(
        blocks, y, weight=weight, n_classes=n_classes, standardisation=standardisation, progress=ignore_progress
    )
    vectors = random.normal(size=(3, whole.make_start().shape[1]))
    found = streamed.evaluate(vectors)
    for vector, loss, gradient in zip(vectors, found.loss, found.gradient, strict=True):
        expected, score_gradient = whole.evaluate(whole.score(vector[None]))
        np.testing.assert_allclose(loss, expected[0], rtol=1e-5)
        np.testing.assert_allclose(gradient, whole.sum_gradient(score_gradient)[0], atol=1e-6)
    losses, is_right = evaluate_scores(whole.score(vectors[2:])[:, 0], y)
    totals = evaluate_blocks(blocks, y, standardisation, vectors[2:])
    for actual in (found.totals, totals):
        assert (actual.n_rows, actual.n_right) == (700, is_right.sum())
        np.testing.assert_allclose(actual.loss, losses.sum(), rtol=1e-5)
    assert streamed.n_passes == 1
    assert blocks.n_reads == 2 * len(blocks.sizes)
    np.testing.assert_array_equal(streamed.is_ridged, whole.is_ridged)


def test_finite_float16_rows_with_an_infinite_sum_are_finite(cut_rows):
    X = np.full((600, 9), 6e4, np.float16)
    assert count_nonfinite_in_blocks(cut_rows(X, 500)) == 0
    X[[1, 599], 3] = np.inf
    assert count_nonfinite_in_blocks(cut_rows(X, 500)) == 2
