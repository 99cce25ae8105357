"""Who lacks torch is told what to install."""

import pytest

from headstart.errors import MissingExtraError
from headstart.tune import torch_import


def test_what_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setattr(torch_import, "is_installed", lambda name: name != "torch")
    assert not torch_import.can_tune()
    with pytest.raises(MissingExtraError, match=r"Cannot train by hybrid: torch is not installed.*headstart\[tune\]"):
        torch_import.check_torch("train by hybrid")
