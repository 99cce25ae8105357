"""One cycle of the rate."""

from headstart.tune.hyperparameters import RECIPES, Recipe


def test_the_rate_rises_and_falls_once():
    recipe = Recipe(epochs=4, learning_rate=1e-3, head_rate=1e-3)
    rates = [recipe.scale_rate(step, 40) for step in range(40)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == 1.0
    assert rates[-1] < 0.01


def test_only_training_from_scratch_forgets():
    assert {name for name, recipe in RECIPES.items() if recipe.is_random} == {"scratch"}


def test_few_steps_are_taken_at_lower_rates_and_scratch_ones_are_not():
    recipe = RECIPES["hybrid"]
    assert recipe.limit(16, 2000) == recipe
    few = recipe.limit(5, 64)  # 10 steps
    assert (few.epochs, few.learning_rate, few.head_rate) == (5, 0.1 * recipe.learning_rate, 0.1 * recipe.head_rate)
    assert recipe.limit(50, 64).patience == recipe.stretch(64).patience
    assert RECIPES["scratch"].limit(5, 64).learning_rate == RECIPES["scratch"].learning_rate
