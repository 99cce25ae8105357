"""The TOML of a network is checked entry by entry."""

import pytest

from headstart.backbone.foreign.user_spec import read_user_spec
from headstart.errors import BackboneError

GOOD = "mean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n"


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "net.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_user_spec(path)

    return read


def test_missing_entries_have_defaults(read):
    spec = read(GOOD)
    assert (spec.name, spec.colour_order, spec.licence, spec.image_size) == ("net", "RGB", "unknown", None)
    assert spec.list_offsets()[0] == pytest.approx([123.675, 116.28, 103.53])


def test_the_description_is_the_one_in_the_keys_of_earlier_caches(read):
    assert read("value_range = [0, 1]\nstages = {low = 'a'}").describe() == (
        "OwnSpec(name='net', mean=(), std=(), value_range=(0.0, 1.0), colour_order='RGB', image_size=None, input=None, "
        "features=None, stages={'low': 'a'}, sha256=None, url=None, licence='unknown', source=\"a file of the user's "
        "own\", paper='')"
    )


def test_mean_std_and_value_range_become_offset_and_divisor(read):
    assert read("value_range = [-1, 1]").list_offsets() == ([127.5], [127.5])
    assert read("mean = 0.5\nstd = 0.25").list_offsets() == ([127.5], [63.75])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "nothing about the scaling of pixels, need either mean and std"),
        ("mean = 0.5", "only mean about the scaling"),
        (f"{GOOD}value_range = [0, 1]", "only mean, std, value_range about the scaling"),
        ("mean = 'a'\nstd = 1", "which is no number; need"),
        ("mean = nan\nstd = 1", "which is no number; need"),
        ("mean = true\nstd = 1", "which is no number; need"),
        ("mean = 0.5\nstd = 0", "std above 0"),
        ("mean = [0.5, 0.5]\nstd = 1", "one number or three"),
        ("mean = [123.7, 116.3, 103.5]\nstd = [58.4, 57.1, 57.4]", "need values for pixels from 0 to 1"),
        ("value_range = [1, -1]", "the second is larger"),
        ("value_range = [1]", "the second is larger"),
        ("value_range = [-1000, 1e30]", "the second is larger"),
        ("mean = -0.5\nstd = 1", "a mean of 0 to 1"),
        ("mean = 0.5\nstd = 1e-30", "a std of 0.01 to 1"),
        (f"{GOOD}colour_order = 'GBR'", "need RGB or BGR"),
        (f"{GOOD}image_size = 8", "a whole number of 16 to 2048"),
        (f"{GOOD}image_size = '224'", "a whole number of 16 to 2048"),
        (f"{GOOD}name = ''", "need a text without control characters"),
        (f'{GOOD}licence = "\\u001b[2J"', "need a text without control characters"),
        (f"{GOOD}sha256 = 'ABC'", "64 hex digits"),
        (f"{GOOD}url = 'https://example.org/x.onnx'", "a url without sha256"),
        (f"{GOOD}name = 'timm/x'", "60 characters at most and no slash"),
        (f"{GOOD}name = '{'x' * 61}'", "60 characters at most and no slash"),
        (f"{GOOD}stages = {{top = 'a'}}", "stage 'top', need another name"),
        (f"{GOOD}stages = {{pixels = 'a'}}", "stage 'pixels', need another name"),
        (f'{GOOD}stages = {{"" = "a"}}', "stage '', need another name"),
        (f'{GOOD}stages = {{"a\\nb" = "a"}}', "need another name"),
        (f"{GOOD}stages = ['a']", "need a table with the name of a layer for each cut"),
        (f"{GOOD}means = 3", "unknown entry 'means', known are name, mean"),
        ("mean = ", "it is no TOML"),
        (b"\xff\xfe", "it is no TOML"),
        ("a = " + "[" * 5000, "it is no TOML"),
    ],
)
def test_a_wrong_entry_is_an_error_of_one_line(read, text, message):
    with pytest.raises(BackboneError, match=message) as caught:
        read(text)
    assert str(caught.value).isprintable()


def test_the_error_of_a_missing_toml_says_what_to_write(tmp_path):
    with pytest.raises(
        BackboneError, match=r"got no '.*net.toml', need it .* Write it with mean = \[0.485, 0.456, 0.406\]"
    ):
        read_user_spec(tmp_path / "net.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(BackboneError, match="Cannot read"):
        read_user_spec(tmp_path / "folder.toml")
