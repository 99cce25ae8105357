"""Browsers are found where installers put them, and each failure of a page is one sentence."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import pytest

from headstart.errors import ExportError
from headstart.exports import browser
from headstart.exports.browser import open_in_browser

needs_browser = pytest.mark.skipif(
    not (any(map(shutil.which, browser.COMMANDS)) and shutil.which(browser.CHROME)),
    reason="needs Chromium and chromedriver",
)


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_page_that_does_not_load_is_an_error(tmp_path):
    (tmp_path / "pets.html").write_text(
        '<body data-state="failed"><p id="status">The model cannot be loaded: no reason.</p></body>'
    )
    with pytest.raises(ExportError, match="The model cannot be loaded"), open_in_browser(tmp_path / "pets.html"):
        pytest.fail("it was asked")


def test_without_a_browser_the_error_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ExportError, match="or export without --check"), open_in_browser(tmp_path / "pets.html"):
        pytest.fail("it was asked")


def test_the_sandbox_is_off_only_for_root_on_linux(monkeypatch):
    monkeypatch.setattr(browser.sys, "platform", "linux")
    for user, has_none in ((0, True), (1000, False)):
        monkeypatch.setattr(browser.os, "geteuid", lambda user=user: user, raising=False)
        assert ("--no-sandbox" in browser.list_flags()) == has_none
    monkeypatch.setattr(browser.sys, "platform", "win32")
    monkeypatch.delattr(browser.os, "geteuid")
    assert "--no-sandbox" not in browser.list_flags()


@pytest.mark.parametrize(
    ("system", "place", "driver"),
    [
        ("win32", "Google/Chrome/Application/chrome.exe", "chromedriver"),
        ("win32", "Microsoft/Edge/Application/msedge.exe", "msedgedriver"),
        ("darwin", "Google Chrome.app/Contents/MacOS/Google Chrome", "chromedriver"),
    ],
)
def test_browsers_are_found_where_installers_put_them(monkeypatch, tmp_path, system, place, driver):
    home = tmp_path / "Applications" if system == "darwin" else tmp_path
    (home / place).parent.mkdir(parents=True)
    (home / place).touch()
    monkeypatch.setattr(browser.sys, "platform", system)
    monkeypatch.setattr(browser.Path, "home", lambda: tmp_path)
    monkeypatch.setenv("PROGRAMFILES", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda name: f"/{name}" if name == driver else None)
    assert browser.require_browser() == (str(home / place), f"/{driver}")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ExportError, match=f"{driver}, the driver of '.*', is not installed"):
        browser.require_browser()


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize(
    ("script", "reason"),
    [("", r"1\.jpg' \(timed out after 1 s\)"), ("answers.remove(); throw 1", r"1\.jpg' \(javascript error")],
)
def test_a_page_that_fails_while_predicting_is_an_error(tmp_path, monkeypatch, script, reason):
    monkeypatch.setattr(browser, "TIMEOUT_S", 1)
    (tmp_path / "1.jpg").touch()
    (tmp_path / "pets.html").write_text(
        '<body data-state="ready"><p id="status"></p><div id="answers"></div><input id="files" type="file">'
        f"<script>{script}</script></body>"
    )
    with open_in_browser(tmp_path / "pets.html") as answer, pytest.raises(ExportError, match=reason):
        answer(tmp_path / "1.jpg", None)


@pytest.mark.browser
@needs_browser
def test_a_lost_driver_is_an_error_and_its_browser_ends(tmp_path, monkeypatch):
    drivers = []
    start = browser._start
    monkeypatch.setattr(browser, "_start", lambda *told: drivers.append(start(*told)) or drivers[-1])
    (tmp_path / "1.jpg").touch()
    (tmp_path / "pets.html").write_text(
        '<body data-state="ready"><p id="status"></p><div id="answers"></div><input id="files" type="file"></body>'
    )
    with open_in_browser(tmp_path / "pets.html") as answer:
        drivers[0].service.process.kill()
        with pytest.raises(ExportError, match="the browser failed on"):
            answer(tmp_path / "1.jpg", None)
    browser_id = drivers[0].capabilities["goog:processID"]
    deadline = time.monotonic() + 30
    while _is_running(browser_id):  # it does not outlive its driver
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _is_running(process_id):
    with suppress(OSError):
        os.kill(process_id, 0)
        state = Path(f"/proc/{process_id}/stat")
        return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
    return False
