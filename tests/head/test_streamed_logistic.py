"""The head of rows in blocks is the head of the same rows in memory."""

import numpy as np
import pytest

from headstart.errors import FitError
from headstart.head import streamed_logistic, streamed_objective
from headstart.head.logistic import fit_logistic
from headstart.head.regularisation import choose_strength
from headstart.head.streamed_logistic import fit_streamed
from headstart.head.training_rows import prepare_rows

WEIGHT = np.random.default_rng(5).uniform(0, 2, 600)


@pytest.mark.parametrize("subsample_rows", [60, 600])
@pytest.mark.parametrize(
    ("n_classes", "strength", "options"),
    [
        (2, 0.01, {}),
        (2, 1.0, {"floor": 0.5}),
        (5, 0.01, {}),
        (5, 0.3, {"sample_weight": WEIGHT}),
        (2, 0.1, {"sample_weight": WEIGHT, "class_weight": np.array([1.0, 4.0])}),
    ],
)
def test_the_head_equals_that_of_rows_in_memory(make_features, cut_rows, n_classes, strength, options, subsample_rows):
    X, y = make_features(600, 40, n_classes)
    X[:, 7] = 1.7
    expected = fit_logistic(prepare_rows(X, y, n_classes=n_classes, **options), strength=strength)
    fit = fit_streamed(
        cut_rows(X, 130), y, n_classes=n_classes, strength=strength, subsample_rows=subsample_rows, **options
    )  # fmt: skip
    assert fit.is_converged
    assert fit.gradient_norm <= 1e-5
    assert (fit.strength, fit.choice) == (strength, None)
    np.testing.assert_allclose(fit.head.weights, expected.head.weights, atol=1e-3)
    np.testing.assert_allclose(fit.head.probabilities(X), expected.head.probabilities(X), atol=1e-3)
    assert fit.history[-1].accuracy == expected.history[-1].accuracy
    np.testing.assert_allclose(fit.history[-1].loss, expected.history[-1].loss, rtol=1e-3)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_with_all_rows_in_the_sample_the_strength_is_chosen_as_in_memory(make_features, cut_rows, n_classes):
    X, y = make_features(300, 20, n_classes)
    groups = [str(n // 3) for n in range(300)]
    fit = fit_streamed(cut_rows(X, 64), y, n_classes=n_classes, seed=3, groups=groups)
    expected = choose_strength(prepare_rows(X, y, n_classes=n_classes), seed=3, groups=np.array(groups))
    assert fit.choice is not None
    assert fit.choice.strength == fit.strength == expected.strength
    assert [row.strength for row in fit.choice.table] == [row.strength for row in expected.table]
    np.testing.assert_allclose([row.loss for row in fit.choice.table], [row.loss for row in expected.table], rtol=1e-4)


@pytest.mark.parametrize("strength", [1.0, 1e4])
def test_separable_classes_converge(cut_rows, strength):
    y = np.arange(400) % 2
    X = (y[:, None] + 0.05 * np.random.default_rng(0).normal(size=(400, 3))).astype(np.float32)
    for subsample_rows in (10, 400):
        fit = fit_streamed(cut_rows(X, 90), y, n_classes=2, strength=strength, subsample_rows=subsample_rows)
        assert fit.is_converged
        assert fit.history[-1].accuracy == 1
        assert fit.head.probabilities(X)[np.arange(400), y].min() > 0.95


def test_float16_and_float32_blocks_of_the_same_numbers_give_the_same_head(make_features, cut_rows):
    X, y = make_features(300, 20, 3)
    half = X.astype(np.float16)
    one, other = (
        fit_streamed(cut_rows(some, 64), y, n_classes=3, strength=0.1) for some in (half, half.astype(np.float32))
    )
    np.testing.assert_array_equal(one.head.weights, other.head.weights)


def test_any_number_of_threads_gives_the_same_bits(make_features, cut_rows, monkeypatch):
    from headstart.head import parallel_rows

    X, y = make_features(500, 20, 3)
    heads = []
    for n_cores in (1, 3):
        monkeypatch.setattr(parallel_rows, "count_cores", lambda n_cores=n_cores: n_cores)
        parallel_rows._open_pool.cache_clear()
        heads.append(fit_streamed(cut_rows(X, 32), y, n_classes=3, strength=0.1, subsample_rows=100).head)
    np.testing.assert_array_equal(heads[0].weights, heads[1].weights)


def test_passes_are_few_and_counted(make_features, cut_rows):
    X, y = make_features(4000, 40, 2)
    blocks = cut_rows(X, 500)
    fit = fit_streamed(blocks, y, n_classes=2, strength=0.1, subsample_rows=1500)
    assert blocks.n_reads == fit.n_passes * len(blocks.sizes)
    assert fit.n_passes <= 10
    assert fit.n_iterations <= fit.n_passes - 2


def test_the_history_ends_with_the_accuracy_and_loss_of_the_head(make_features, cut_rows):
    X, y = make_features(500, 30, 3)
    validation = cut_rows(X[400:], 30), y[400:]
    fit = fit_streamed(
        cut_rows(X[:400], 64), y[:400], n_classes=3, strength=0.1, subsample_rows=80, validation=validation
    )
    for data, rows in (("Training", slice(400)), ("Validation", slice(400, 500))):
        curve = [epoch for epoch in fit.history if epoch.data == data]
        assert [epoch.epoch for epoch in curve] == list(range(1, fit.n_iterations + 2))
        probabilities = fit.head.probabilities(X[rows])
        assert curve[-1].accuracy == (probabilities.argmax(axis=1) == y[rows]).mean()
        loss = -np.log(probabilities[np.arange(len(y[rows])), y[rows]]).mean()
        np.testing.assert_allclose(curve[-1].loss, loss, rtol=1e-3)


def test_progress_reports_the_rows_of_each_pass(make_features, cut_rows):
    X, y = make_features(100, 5, 2)
    reports = []
    fit = fit_streamed(cut_rows(X, 60), y, n_classes=2, strength=0.1, progress=lambda *numbers: reports.append(numbers))
    assert reports == [(60, 100), (100, 100)] * fit.n_passes


def test_a_stop_before_the_minimum_is_reported(make_features, cut_rows):
    X, y = make_features(300, 20, 3)
    fit = fit_streamed(cut_rows(X, 64), y, n_classes=3, strength=1.0, subsample_rows=30, max_iterations=2)
    assert (fit.n_iterations, fit.is_converged) == (2, False)
    assert fit.gradient_norm > 1e-5


def test_if_no_step_is_accepted_the_head_is_the_start(make_features, cut_rows, monkeypatch):
    X, y = make_features(100, 5, 2)
    monkeypatch.setattr(streamed_objective, "shorten_step", lambda *_: np.array([0.1]))
    fit = fit_streamed(cut_rows(X, 60), y, n_classes=2, strength=0.1, tolerance=0.0)
    monkeypatch.undo()
    start = fit_streamed(cut_rows(X, 60), y, n_classes=2, strength=0.1, max_iterations=0)
    assert (fit.n_iterations, fit.is_converged) == (0, False)
    np.testing.assert_array_equal(fit.head.weights, start.head.weights)


def test_constant_features_give_the_shares_of_the_classes(cut_rows):
    X, y = np.full((40, 3), 2.5, np.float16), np.repeat([0, 1], [10, 30])
    fit = fit_streamed(cut_rows(X, 16), y, n_classes=2, strength=1.0, subsample_rows=8)
    assert fit.is_converged
    np.testing.assert_allclose(fit.head.probabilities(X), [[0.25, 0.75]] * 40, atol=1e-3)


def test_more_classes_make_the_sample_smaller():
    assert 45_000 < streamed_logistic._count_sample_rows(1280, 2) < 60_000
    assert streamed_logistic._count_sample_rows(1280, 1000) < 15_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 0.0}, "got strength 0.0, need more than 0"),
        ({"n_classes": 3}, "got no rows of class 2, need rows of all 3 classes"),
        ({"sample_weight": -np.ones(40)}, "got 40 negative or infinite values of sample_weight"),
        ({"y": np.zeros(39, int)}, r"got features \(40, 5\) of float32 and labels \(39,\) of int64"),
    ],
)
def test_wrong_options_are_refused_before_a_block_is_read(make_features, cut_rows, options, message):
    X, y = make_features(40, 5, 2)
    blocks = cut_rows(X, 16)
    with pytest.raises(FitError, match=f"^Cannot fit a head: .*{message}"):
        fit_streamed(blocks, **{"y": y, "n_classes": 2, "strength": 1.0, **options})
    assert blocks.n_reads == 0


def test_rows_with_nan_are_refused(make_features, cut_rows):
    X, y = make_features(40, 5, 2)
    nonfinite = X.copy()
    nonfinite[[0, 39], 2] = np.nan
    with pytest.raises(FitError, match="Cannot fit a head: got 2 rows with NaN or infinity"):
        fit_streamed(cut_rows(nonfinite, 16), y, n_classes=2)
    with pytest.raises(FitError, match="Cannot use validation rows: got 2 rows with NaN or infinity"):
        fit_streamed(cut_rows(X, 16), y, n_classes=2, validation=(cut_rows(nonfinite, 16), y))
    with pytest.raises(FitError, match="Cannot use validation rows: got 4 features, need 5"):
        fit_streamed(cut_rows(X, 16), y, n_classes=2, validation=(cut_rows(X[:, :4], 16), y))
