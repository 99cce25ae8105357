"""A user's network is converted once, and again when one of its files changes."""

import hashlib

import numpy as np
import onnx
import pytest

from headstart.backbone.foreign import converted_backbones
from headstart.backbone.loading import load_backbone
from headstart.errors import BackboneError


def test_a_network_is_converted_once_and_again_after_a_change(copy, monkeypatch):
    first = load_backbone(str(copy))
    monkeypatch.setattr(converted_backbones, "convert_in_own_process", lambda *_: pytest.fail("converted again"))
    assert load_backbone(str(copy.with_suffix(".toml"))) == first
    text = copy.with_suffix(".toml").read_text()
    copy.with_suffix(".toml").write_text(text + 'name = "another"\n')
    with pytest.raises(pytest.fail.Exception, match="converted again"):
        load_backbone(str(copy))


def test_the_name_of_another_backbone_is_refused(copy):
    copy.with_suffix(".toml").write_text(copy.with_suffix(".toml").read_text() + 'name = "mobilenet_v2"\n')
    with pytest.raises(BackboneError, match="got the name 'mobilenet_v2', which another backbone has"):
        load_backbone(str(copy))


def test_a_file_with_another_hash_than_in_the_toml_is_refused(copy):
    toml = copy.with_suffix(".toml")
    text = toml.read_text()
    toml.write_text(f'{text}sha256 = "{hashlib.sha256(copy.read_bytes()).hexdigest()}"\n')
    assert load_backbone(str(copy)).spec.n_features == 24
    toml.write_text(f'{text}sha256 = "{"0" * 64}"\n')
    with pytest.raises(BackboneError, match=r"its SHA-256 is .*, and the TOML has 000000000000"):
        load_backbone(str(copy))


def test_a_missing_onnx_file_is_taken_from_the_mirror(copy, tmp_path, monkeypatch):
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    toml = copy.with_suffix(".toml")
    toml.write_text(f'{toml.read_text()}sha256 = "{digest}"\nurl = "https://nowhere.invalid/net.onnx"\n')
    (tmp_path / "mirror").mkdir()
    copy.rename(tmp_path / "mirror" / "net.onnx")
    monkeypatch.setenv("HEADSTART_MIRROR", str(tmp_path / "mirror"))
    assert load_backbone(str(toml)).spec.name == "net"


def test_a_missing_file_is_an_error(copy):
    copy.unlink()
    with pytest.raises(BackboneError, match=r"Cannot use '.*net.onnx' as a backbone: there is no such file"):
        load_backbone(str(copy))
    with pytest.raises(BackboneError, match=r"Cannot use '.*net.onnx' as a backbone: No such file"):
        load_backbone(str(copy.with_suffix(".toml")))


@pytest.mark.slow
def test_a_change_in_a_second_file_of_weights_is_another_network(copy, tmp_path):
    onnx.save(onnx.load(copy), copy, save_as_external_data=True, location="weights.bin", size_threshold=0)
    (tmp_path / "net.onnx.d").mkdir()  # anything may lie beside it
    before = load_backbone(str(copy)).spec.weights_sha256
    data = bytearray((tmp_path / "weights.bin").read_bytes())
    data[3] ^= 1
    (tmp_path / "weights.bin").write_bytes(data)
    assert load_backbone(str(copy)).spec.weights_sha256 != before


def test_the_suffix_may_be_in_capitals(copy):
    copy.rename(copy.with_name("NET.ONNX"))
    copy.with_suffix(".toml").rename(copy.with_name("NET.toml"))
    assert load_backbone(str(copy.with_name("NET.ONNX"))).spec.n_features == 24


@pytest.mark.parametrize("place", ["/etc/hostname", "../secret.bin", "part/../../secret.bin"])
def test_weights_in_other_folders_are_refused(copy, place):
    """A file must not decide which other files of the user are read."""
    model = onnx.load(copy)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    copy.write_bytes(model.SerializeToString())
    with pytest.raises(BackboneError, match=f"its weights are in '{place}', need a file beside it"):
        load_backbone(str(copy))


def test_a_file_that_unfolds_is_refused_before_a_process_starts(copy, monkeypatch):
    def convert(*told):
        raise AssertionError

    monkeypatch.setattr("headstart.backbone.foreign.converted_backbones.convert_in_own_process", convert)
    model = onnx.load(copy)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([30_000, 30_000]), "many"))
    model.graph.node.insert(0, onnx.helper.make_node("ConstantOfShape", ["many"], ["large"]))
    copy.write_bytes(model.SerializeToString())
    with pytest.raises(BackboneError, match="its constant 'large' may have 900,000,000 numbers"):
        load_backbone(str(copy))
