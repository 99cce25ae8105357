"""The precision is one that the processor has, and its capabilities are kept on disk."""

import subprocess
import sys

import pytest

from headstart.engine import processor
from headstart.engine.openvino_import import get_core
from headstart.engine.processor import choose_precision, describe_engine, list_capabilities
from headstart.errors import BackboneError


def test_precision_is_auto_f32_or_bf16():
    assert choose_precision("f32") == "f32"
    assert choose_precision("auto") in ("f32", "bf16")
    with pytest.raises(BackboneError, match="need auto, f32 or bf16"):
        choose_precision("f16")


def test_a_quantised_network_computes_in_int8_and_no_other_network_does():
    assert {choose_precision(name, is_quantised=True) for name in ("auto", "f32", "int8")} == {"int8"}
    with pytest.raises(BackboneError, match=r"quantised to int8 and has no other precision. Leave --precision out"):
        choose_precision("bf16", is_quantised=True)
    with pytest.raises(BackboneError, match=r"network of floats.*headstart train --precision int8"):
        choose_precision("int8")


def test_bf16_needs_a_processor_that_has_it(monkeypatch):
    monkeypatch.setattr(processor, "list_capabilities", lambda: ("FP32", "INT8"))
    assert choose_precision("auto") == "f32"
    with pytest.raises(BackboneError, match="got a processor without bf16 arithmetic"):
        choose_precision("bf16")


def test_capabilities_are_those_of_openvino():
    assert list(list_capabilities()) == sorted(get_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    assert "FP32" in describe_engine()


def test_a_second_process_reads_the_capabilities_without_openvino(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    ask = (
        "import sys; from headstart.engine.processor import describe_engine; "
        "print(describe_engine(), 'openvino' in sys.modules)"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout.split()
        for _ in range(2)
    )
    assert first[:-1] == second[:-1]
    assert (first[-1], second[-1]) == ("True", "False")
