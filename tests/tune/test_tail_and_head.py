"""The trainable module: its learning rates, and the head that it exports."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from headstart.tune.hyperparameters import Hyperparameters
from headstart.tune.tail_and_head import TailAndHead, resize_rows
from headstart.tune.training_plan import FirstHead

GIVEN = Hyperparameters(epochs=1, learning_rate=1e-3, head_rate=1e-2, stage_decay=0.5)


@pytest.fixture(scope="session")
def model(backbone, graph):
    generator = np.random.default_rng(0)
    first_head = FirstHead(
        generator.normal(size=1280), generator.uniform(1, 2, 1280), generator.normal(size=(1280, 3)).astype(np.float32),
        np.ones(3, np.float32),
    )  # fmt: skip
    return TailAndHead(graph, backbone.spec, "block_14", first_head, GIVEN)


def test_lower_stages_have_lower_rates_and_the_head_has_its_own(model, backbone):
    groups = model.list_parameter_groups(backbone.spec, GIVEN)
    assert [group["peak"] for group in groups] == [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 1e-2, 1e-2]
    n_listed = sum(parameter.numel() for group in groups for parameter in group["params"])
    assert n_listed == sum(parameter.numel() for parameter in model.parameters())
    assert all(p.ndim == 1 for group in groups if not group["weight_decay"] for p in group["params"])


def test_the_exported_head_takes_unstandardised_features(model):
    rows = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 7, 7, 160)).astype(np.float16))
    with torch.no_grad():
        scores = model.eval()(rows).numpy()
        features = model.tail(rows.float().permute(0, 3, 1, 2)).numpy()
    np.testing.assert_allclose(model.export_head().scores(features), scores, atol=1e-3)


def test_resized_activations_show_the_whole_photo():
    rows = torch.arange(14.0)[None, :, None, None].expand(1, 14, 14, 3).to(torch.float16)
    assert resize_rows(rows, 14) is rows
    small = resize_rows(rows, 7)
    assert small.shape == (1, 7, 7, 3)
    assert small.dtype == torch.float32
    np.testing.assert_allclose(small[0, :, 0, 0], np.arange(7) * 2 + 0.5)


def test_a_network_says_whether_it_takes_smaller_activations(model, monkeypatch):
    small_first = replace(GIVEN, first_side=0.7)
    model.train()
    assert model.accepts_other_sides((7, 7, 160), small_first)
    assert model.training
    assert not model.accepts_other_sides((7, 7, 160), GIVEN)
    monkeypatch.setattr(model.tail, "forward", lambda x: x.reshape(1, 160 * 7 * 7))
    assert not model.accepts_other_sides((7, 7, 160), small_first)
