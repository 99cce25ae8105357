"""One cycle of the rate."""

from headstart.tune.recipe import RECIPES, Recipe


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
