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


def test_accuracy_on_own_photos_is_listed_and_drawn(headstart, make_folder, tmp_path):
    from PIL import Image

    names = ("mobilenet_v2@96", "mobilenet_v2@96+mobilenet_v2@128")
    picture = tmp_path / "backbones.png"
    done = headstart("backbones", *names, "--photos", make_folder(n=12), "--picture", picture)
    header, first, second = done.stdout.splitlines()[:3]
    assert "accuracy on 3 test photos" in header
    assert first.startswith("mobilenet_v2@96 ")
    assert second.startswith("mobilenet_v2@96+mobilenet_v2@128 ")
    assert "%" in first
    assert "no cuts, as only one network can be cut" in done.stdout
    assert f"Picture: {picture}" in done.stdout
    with Image.open(picture) as image:
        assert image.size == (1280, 760)


@pytest.mark.parametrize("option", [("--picture", "a.png"), ("--seed", "1"), ("--no-cache",)])
def test_options_of_photos_are_refused_without_them(headstart, option):
    done = headstart("backbones", *option, check=False)
    assert done.returncode == 2
    assert "need --photos" in done.stderr


def test_a_picture_that_cannot_be_written_fails_before_the_work(headstart, make_folder, tmp_path):
    photos = make_folder(n=6)
    for place in (tmp_path / "a.jpg", photos / "a.png"):
        done = headstart("backbones", "mobilenet_v2", "--photos", photos, "--picture", place, check=False)
        assert done.returncode == 1
        assert "Cannot write figure" in done.stderr
