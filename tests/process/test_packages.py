"""Versions and missing packages are found without importing a package."""

import sys
from importlib.metadata import PackageNotFoundError, version

import click  # noqa: F401  one of the tests takes its spec away
import pytest

from headstart.errors import MissingExtraError
from headstart.process.packages import find_version, make_missing_extra, require_packages


@pytest.mark.parametrize(
    ("distribution", "package"), [("openvino", "openvino"), ("cykooz.resizer", "cykooz_resizer"), ("click", "click")]
)
def test_the_version_equals_that_of_the_metadata(distribution, package):
    assert find_version(distribution, package) == version(distribution)


def test_without_a_folder_beside_the_package_the_metadata_are_asked(tmp_path, monkeypatch):
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


def test_the_version_of_a_missing_package_is_an_error():
    with pytest.raises(PackageNotFoundError, match="no-such-package"):
        find_version("no-such-package", "no_such_package")


def test_only_missing_packages_are_named_with_their_extra():
    require_packages("count", "numbers", "numpy")
    with pytest.raises(MissingExtraError, match="Cannot count") as caught:
        require_packages("count", "numbers", "numpy", "no_such_package", hint="or use your fingers")
    assert str(caught.value) == (
        "Cannot count: got no package 'no_such_package', need it. Install it with: pip install 'headstart[numbers]' "
        "(or use your fingers)"
    )
    assert caught.value.extra == "numbers"


def test_several_missing_packages_are_named_in_one_sentence():
    assert str(make_missing_extra("count", "numbers", "abacus", "fingers")) == (
        "Cannot count: got no packages 'abacus' and 'fingers', need them. "
        "Install them with: pip install 'headstart[numbers]'"
    )
