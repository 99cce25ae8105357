"""AdamW takes the steps of torch's own class, and its state is restored exactly."""

import pytest
import torch

from headstart.tune.adamw import AdamW

PEAKS = (1e-2, 3e-3)


def make_parameters():
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn((4, 3, 2, 2), generator=generator).contiguous(memory_format=torch.channels_last)
    return [kernel.requires_grad_(), torch.randn(4, generator=generator).requires_grad_()]


def set_gradients(parameters, number):
    generator = torch.Generator().manual_seed(number)
    for parameter in parameters:
        parameter.grad = torch.empty_like(parameter).copy_(torch.randn(parameter.shape, generator=generator))


def group(parameters):
    return [
        {"params": [parameter], "peak": peak, "weight_decay": 0.1 * (peak == PEAKS[0])}
        for parameter, peak in zip(parameters, PEAKS, strict=True)
    ]


@pytest.mark.parametrize("decay", [0.999, 0.99])
def test_steps_are_those_of_torch(decay):
    ours, theirs = make_parameters(), make_parameters()
    optimiser, expected = AdamW(group(ours), decay), torch.optim.AdamW(group(theirs), lr=0.0, betas=(0.9, decay))
    for number, share in enumerate((0.5, 1.0, 0.3)):
        for parameters in (ours, theirs):
            set_gradients(parameters, number)
        optimiser.step(share)
        for each, peak in zip(expected.param_groups, PEAKS, strict=True):
            each["lr"] = share * peak
        expected.step()
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)
            assert one.grad is None


def test_a_restored_state_gives_the_same_bits():
    parameters = make_parameters()
    optimiser = AdamW(group(parameters))
    set_gradients(parameters, 0)
    optimiser.step(1.0)
    state = {name: value.clone() for name, value in optimiser.list_state().items()}
    assert sorted(state) == [f"{n}/{name}" for n in (0, 1) for name in ("exp_avg", "exp_avg_sq", "step")]
    copies = [parameter.detach().clone().requires_grad_() for parameter in parameters]
    restored = AdamW(group(copies))
    restored.load_state(state)
    for each, some in ((optimiser, parameters), (restored, copies)):
        set_gradients(some, 1)
        each.step(0.5)
    for one, other in zip(parameters, copies, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("has_gradients", [True, False])
def test_parameters_without_gradients_stay(has_gradients):
    parameters = make_parameters()
    before = [parameter.detach().clone() for parameter in parameters]
    if has_gradients:
        set_gradients(parameters[:1], 0)
    AdamW(group(parameters)).step(1.0)
    assert torch.equal(parameters[0], before[0]) != has_gradients
    assert torch.equal(parameters[1], before[1])
