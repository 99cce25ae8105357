"""Learning rates follow one cycle, and few steps change the defaults."""

from dataclasses import replace

import pytest

from headstart.tune.hyperparameters import HYPERPARAMETERS, Hyperparameters, find_hyperparameters


def test_the_rate_rises_and_falls_once():
    given = Hyperparameters(epochs=4, learning_rate=1e-3, head_rate=1e-3)
    rates = [given.scale_rate(step, 40) for step in range(40)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == 1.0
    assert rates[-1] < 0.01


def test_only_scratch_begins_from_random_weights():
    assert {name for name, default in HYPERPARAMETERS.items() if default.is_random} == {"scratch"}


def test_few_steps_lower_the_rates_except_from_scratch():
    default = HYPERPARAMETERS["hybrid"]
    assert default.limit(default.epochs, 2000) == default
    few = default.limit(5, 64)  # 10 steps
    assert (few.epochs, few.learning_rate, few.head_rate) == (5, 0.1 * default.learning_rate, 0.1 * default.head_rate)
    assert default.limit(50, 64).patience == default.stretch(64).patience
    assert HYPERPARAMETERS["scratch"].limit(5, 64).learning_rate == HYPERPARAMETERS["scratch"].learning_rate


def test_checkpoints_of_earlier_versions_are_found_by_the_same_text():
    text = HYPERPARAMETERS["hybrid"].describe()
    assert text == (
        "Recipe(epochs=8, learning_rate=0.0005, head_rate=0.0005, stage_decay=0.95, warm_up=0.25, weight_decay=0.02, "
        "label_smoothing=0.1, max_norm=1.0, batch_size=32, memory=0.99, patience=3, n_errors=2.0, "
        "is_norm_trained=False, is_random=False, first_side=1.0, whole_from=0.8, second_decay=0.999)"
    )


def test_trained_norms_change_the_rates_of_hybrid_alone():
    hybrid = find_hyperparameters("hybrid", is_norm_trained=True)
    assert hybrid.is_norm_trained
    assert hybrid.n_errors == -1
    assert hybrid.learning_rate > HYPERPARAMETERS["hybrid"].learning_rate
    changed = replace(HYPERPARAMETERS["finetune"], is_norm_trained=True, n_errors=0.0)
    assert find_hyperparameters("finetune", is_norm_trained=True) == changed
    assert find_hyperparameters("scratch") == HYPERPARAMETERS["scratch"]


@pytest.mark.parametrize("side", [4, 6, 7, 13, 14, 28])
def test_the_side_of_activations_grows_to_their_own_and_keeps_its_parity(side):
    given = Hyperparameters(epochs=5, learning_rate=1e-3, head_rate=1e-3, first_side=0.7)
    sides = [given.choose_side(side, step, 50) for step in range(50)]
    assert sides == sorted(sides)
    assert 0.4 * side < sides[0] < side
    assert {each % 2 for each in sides} == {side % 2}
    assert set(sides[40:]) == {side}
    whole = replace(given, first_side=1.0)
    assert {whole.choose_side(side, step, 50) for step in range(50)} == {side}


def test_the_mean_area_is_that_of_the_sides():
    given = Hyperparameters(epochs=5, learning_rate=1e-3, head_rate=1e-3, first_side=0.7)
    areas = [(given.choose_side(14, step, 500) / 14) ** 2 for step in range(500)]
    assert given.mean_area == pytest.approx(sum(areas) / 500, rel=0.02)
    assert replace(given, first_side=1.0).mean_area == pytest.approx(1)
