"""The command that installs torch suits the machine."""

import pytest

from headstart.process import torch_command
from headstart.process.torch_command import name_torch_command

CPU = "pip install uv && python -m uv pip install --torch-backend=cpu 'headstart[tune]'"
STOCK = "pip install 'headstart[tune]'"


@pytest.mark.parametrize(
    ("system", "has_driver", "command", "build"),
    [
        ("Linux", False, CPU, "with torch's CPU build, 0.9 GB"), ("Linux", True, STOCK, "with torch for GPUs, 5.5 GB"),
        ("Darwin", False, STOCK, ""), ("Windows", False, STOCK, ""), ("Windows", True, STOCK, ""),
    ],
)  # fmt: skip
def test_the_command_suits_the_machine(monkeypatch, system, has_driver, command, build):
    monkeypatch.setattr(torch_command.platform, "system", lambda: system)
    monkeypatch.setattr(torch_command, "has_nvidia_driver", lambda: has_driver)
    monkeypatch.setattr(torch_command, "is_installed", lambda _: False)
    assert name_torch_command() == (command, build)
    assert name_torch_command("efficientnet") == (command.replace("tune", "efficientnet"), build)


def test_where_torch_is_installed_the_extra_is_enough(monkeypatch):
    monkeypatch.setattr(torch_command, "is_installed", lambda _: True)
    assert name_torch_command("efficientnet") == ("pip install 'headstart[efficientnet]'", "")
