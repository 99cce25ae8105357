"""The version that is found is the one that is installed."""

import sys
from importlib.metadata import PackageNotFoundError, version

import click  # noqa: F401  one of the tests takes its spec away
import pytest

from headstart.process.packages import find_version


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


def test_of_two_folders_the_metadata_decide(tmp_path, monkeypatch):
    (tmp_path / "click").mkdir()
    (tmp_path / "click" / "__init__.py").write_text("")
    for number in ("1.0", "2.0"):
        folder = tmp_path / f"click-{number}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: click\nVersion: {number}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "click", raising=False)
    assert find_version("click", "click") == version("click")


def test_a_module_without_a_spec_is_found_by_its_metadata(monkeypatch):
    monkeypatch.setattr(sys.modules["click"], "__spec__", None)
    assert find_version("click", "click") == version("click")


def test_what_is_not_installed_is_an_error():
    with pytest.raises(PackageNotFoundError):
        find_version("no-such-package", "no_such_package")
