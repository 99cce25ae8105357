"""``headstart backbones``: the list of networks, with size and speed."""

import json

import pytest


@pytest.mark.slow
def test_installed_networks_are_listed(headstart):
    done = headstart("backbones")
    assert "mobilenet_v2" in done.stdout
    assert "Apache-2.0" in done.stdout
    assert "timm/NAME" in done.stdout


@pytest.mark.slow
def test_json_has_the_facts(headstart):
    first = json.loads(headstart("backbones", "--json").stdout)["backbones"][0]
    assert (first["name"], first["n_parameters"], first["n_features"]) == ("mobilenet_v2", 2_257_984, 1280)
    assert first["photos_per_second"] > 0
    assert first["features_layer"] == "out_relu"
    assert first["missing"] is None


def test_a_file_is_described_with_its_cuts(headstart, network):
    done = headstart("backbones", network)
    assert "features of layer '/blocks/" in done.stdout
    assert "cuts at stride_2, stride_4, stride_8, top" in done.stdout
    assert "efficientnet" not in done.stdout


def test_an_unusable_file_is_refused_in_one_line(headstart, tmp_path):
    done = headstart("backbones", tmp_path / "no.onnx", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("headstart: Cannot use")
    assert done.stderr.count("\n") == 1
