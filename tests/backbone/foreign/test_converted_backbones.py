"""Converted backbones are kept and listed, and a damaged file in the cache is replaced."""

import pytest

from headstart.backbone.foreign import converted_backbones
from headstart.backbone.loading import load_backbone


@pytest.mark.slow
def test_a_damaged_file_in_the_cache_is_replaced(copy, cache_folder):
    first = load_backbone(str(copy))
    for path in (cache_folder / "backbones-1").iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert load_backbone(str(copy)) == first


def test_an_unreadable_record_in_the_cache_is_replaced(copy, monkeypatch):
    first = load_backbone(str(copy))
    monkeypatch.setattr(converted_backbones, "fetch_result", lambda *_: b"{}\0network")
    assert load_backbone(str(copy)) == first


def test_converted_backbones_are_listed(copy):
    spec = load_backbone(str(copy)).spec
    assert spec in [kept for _, kept in converted_backbones.list_converted()]
