"""Names of backbones: several networks, and the image size of each."""

import pytest

from headstart.backbone.names import parse_sizes, split_name
from headstart.errors import BackboneError


def test_one_network_in_several_sizes_is_there_several_times():
    assert split_name("mobilenet_v2", "96+128+160") == [("mobilenet_v2", n) for n in (96, 128, 160)]
    assert split_name("mobilenet_v2", 96) == [("mobilenet_v2", 96)]


def test_several_networks_have_a_size_each_or_their_defaults():
    assert split_name("a+b", "96 + 128") == [("a", 96), ("b", 128)]
    assert split_name("a+b@128") == [("a", None), ("b", 128)]
    with pytest.raises(BackboneError, match="got 1 for 2 networks, need one for each, such as 224\\+260"):
        split_name("a+b", 224)
    with pytest.raises(BackboneError, match="got 3 for 2 networks"):
        split_name("a+b", "96+128+160")
    with pytest.raises(BackboneError, match="has a size already"):
        split_name("a+b@128", "96+128")


@pytest.mark.parametrize("sizes", ["", "x", "96+", "96x128", "-1", "9.5", "1000000", True, "²"])
def test_a_size_that_is_no_number_is_refused(sizes):
    with pytest.raises(BackboneError, match="need whole numbers of pixels"):
        parse_sizes(sizes)


def test_a_file_may_have_both_signs_in_its_name(tmp_path):
    path = tmp_path / "c++" / "net@2.onnx"
    path.parent.mkdir()
    path.touch()
    assert split_name(str(path)) == [(str(path), None)]
    (tmp_path / "net@2.onnx").touch()
    assert split_name(f"a+{tmp_path / 'net@2.onnx'}@96") == [("a", None), (str(tmp_path / "net@2.onnx"), 96)]


@pytest.mark.parametrize("name", ["a+", "+a", "a++b", "+", "a+ +b"])
def test_a_missing_name_is_refused(name):
    with pytest.raises(BackboneError, match="a name is missing beside"):
        split_name(name)
