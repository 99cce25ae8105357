"""What is trained: which rates, and what leaves it."""

import numpy as np
import pytest
import torch

from headstart.tune.hyperparameters import Recipe
from headstart.tune.trainable import FirstHead, Trainee

RECIPE = Recipe(epochs=1, learning_rate=1e-3, head_rate=1e-2, stage_decay=0.5)


@pytest.fixture(scope="session")
def trainee(backbone, graph):
    generator = np.random.default_rng(0)
    start = FirstHead(
        generator.normal(size=1280), generator.uniform(1, 2, 1280), generator.normal(size=(1280, 3)).astype(np.float32),
        np.ones(3, np.float32),
    )  # fmt: skip
    return Trainee(graph, backbone.spec, "block_14", start, RECIPE)


def test_lower_stages_learn_slower_and_the_head_by_a_rate_of_its_own(trainee, backbone):
    groups = trainee.list_groups(backbone.spec, RECIPE)
    assert [group["peak"] for group in groups] == [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 1e-2, 1e-2]
    n_listed = sum(parameter.numel() for group in groups for parameter in group["params"])
    assert n_listed == sum(parameter.numel() for parameter in trainee.parameters())
    assert all(p.ndim == 1 for group in groups if not group["weight_decay"] for p in group["params"])


def test_the_exported_head_takes_features_as_they_are(trainee):
    rows = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 7, 7, 160)).astype(np.float16))
    with torch.no_grad():
        scores = trainee.eval()(rows).numpy()
        features = trainee.tail(rows.float().permute(0, 3, 1, 2)).numpy()
    np.testing.assert_allclose(trainee.export_head().scores(features), scores, atol=1e-3)
