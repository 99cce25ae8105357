"""Learning rates follow one cycle, and few steps change the defaults."""

from headstart.tune.hyperparameters import HYPERPARAMETERS, Hyperparameters


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
    assert default.limit(16, 2000) == default
    few = default.limit(5, 64)  # 10 steps
    assert (few.epochs, few.learning_rate, few.head_rate) == (5, 0.1 * default.learning_rate, 0.1 * default.head_rate)
    assert default.limit(50, 64).patience == default.stretch(64).patience
    assert HYPERPARAMETERS["scratch"].limit(5, 64).learning_rate == HYPERPARAMETERS["scratch"].learning_rate


def test_checkpoints_of_earlier_versions_are_found_by_the_same_text():
    text = HYPERPARAMETERS["hybrid"].describe()
    assert text == (
        "Recipe(epochs=16, learning_rate=0.0005, head_rate=0.0005, stage_decay=0.95, warm_up=0.25, weight_decay=0.02, "
        "label_smoothing=0.1, max_norm=1.0, batch_size=32, memory=0.99, patience=5, n_errors=2.0, "
        "is_norm_trained=False, is_random=False)"
    )
