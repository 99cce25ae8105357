"""An NVIDIA GPU is found by the files of its driver, and the environment can hide it."""

import sys

import pytest

from headstart.process import nvidia


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Path that stands for the files of the driver; nothing is there yet."""
    file = tmp_path / "version"
    monkeypatch.setattr(nvidia, "DRIVER_FILES", (str(file),) * 3)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return file


def test_there_is_a_gpu_if_its_driver_is_there(driver):
    assert not nvidia.has_nvidia_driver()
    assert not nvidia.may_use_nvidia_gpu()
    driver.touch()
    assert nvidia.has_nvidia_driver()
    assert nvidia.may_use_nvidia_gpu()


@pytest.mark.parametrize(
    ("visible", "is_used"), [("", False), (" ", False), ("-1", False), ("-1,0", False), ("0", True), ("1,0", True)]
)
def test_the_environment_hides_a_gpu(driver, monkeypatch, visible, is_used):
    driver.touch()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert nvidia.may_use_nvidia_gpu() == is_used
    assert nvidia.has_nvidia_driver()


@pytest.mark.parametrize(("system", "at"), [("linux", 0), ("linux", 1), ("win32", 2)])
def test_each_system_has_files_of_its_own(driver, monkeypatch, system, at):
    missing = f"{driver}-missing"
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(nvidia, "DRIVER_FILES", tuple(str(driver) if n == at else missing for n in range(3)))
    driver.touch()
    assert nvidia.has_nvidia_driver()
    monkeypatch.setattr(sys, "platform", "win32" if system == "linux" else "linux")
    assert not nvidia.has_nvidia_driver()
