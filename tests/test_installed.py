"""The version that is found is the one that is installed."""

import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from headstart.installed import find_version


@pytest.mark.parametrize(
    ("distribution", "package"), [("openvino", "openvino"), ("cykooz.resizer", "cykooz_resizer"), ("click", "click")]
)
def test_it_is_what_the_metadata_say(distribution, package):
    assert find_version(distribution, package) == version(distribution)


def test_without_a_folder_of_its_own_the_metadata_are_asked(tmp_path, monkeypatch):
    (tmp_path / "click").mkdir()
    (tmp_path / "click" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "click", raising=False)
    assert find_version("click", "click") == version("click")


def test_what_is_not_installed_is_an_error():
    with pytest.raises(PackageNotFoundError):
        find_version("no-such-package", "no_such_package")
