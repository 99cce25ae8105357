"""An exported page is asked as a person would: photo files are given to it in a real browser, without network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import ExportError, PhotoError
from headstart.exports.answer import Answer, Pixels
from headstart.process.packages import require_packages

CHROME, EDGE = "chromedriver", "msedgedriver"  # what drives them
COMMANDS = {
    "chromium": CHROME, "chromium-browser": CHROME, "google-chrome": CHROME, "google-chrome-stable": CHROME,
    "chrome": CHROME, "microsoft-edge": EDGE, "microsoft-edge-stable": EDGE, "msedge": EDGE,
}  # fmt: skip
# where installers put them, off the path
PLACES = {
    "darwin": {
        "Chromium.app/Contents/MacOS/Chromium": CHROME,
        "Google Chrome.app/Contents/MacOS/Google Chrome": CHROME,
        "Microsoft Edge.app/Contents/MacOS/Microsoft Edge": EDGE,
    },
    "win32": {
        "Chromium/Application/chrome.exe": CHROME,
        "Google/Chrome/Application/chrome.exe": CHROME,
        "Microsoft/Edge/Application/msedge.exe": EDGE,
    },
}
FLAGS = ("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
PATIENCE_S = 60


@contextmanager
def open_in_browser(path: Path) -> Iterator[Answer]:
    """Open a page in a headless Chromium, Chrome or Edge whose network is cut.

    Raises
    ------
    MissingExtraError
        If selenium, which drives it, is not installed.
    ExportError
        If there is no browser, the page does not load in it, or it fails while it answers.
    """
    browser, command = require_browser()
    with _telling("the browser does not start"):
        driver = _start(browser, command)
    try:
        with _telling("the browser failed"):
            field = _open_page(driver, path)

        def answer(photo: Path, _: Pixels) -> npt.NDArray[np.float32]:
            with _telling(f"the browser failed on '{photo}'"):
                return _ask_page(driver, field, photo)

        yield answer
    finally:
        _close(driver)


def require_browser(otherwise: str = "export without --check") -> tuple[str, str]:
    """Return the paths of a browser and of what drives it.

    Parameters
    ----------
    otherwise
        What else the user can do.

    Raises
    ------
    MissingExtraError
        If selenium is not installed.
    ExportError
        If there is no browser, or nothing that drives it.
    """
    require_packages("check the page", "html", "selenium", hint=f"or {otherwise}")
    found = _list_browsers()
    for browser, command in found:
        driver = shutil.which(command)
        if driver is not None:
            return browser, driver
    what = f"{found[0][1]}, which drives '{found[0][0]}'," if found else "Chromium, Chrome or Edge"
    raise ExportError(f"Cannot check the page: {what} is not installed. Install it, or {otherwise}.")


def _list_browsers() -> list[tuple[str, str]]:
    """List the browsers of this machine, each with the name of its driver."""
    found = [(path, driver) for name, driver in COMMANDS.items() if (path := shutil.which(name)) is not None]
    if sys.platform == "darwin":
        roots = [Path("/Applications"), Path.home() / "Applications"]
    else:
        names = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        roots = [Path(os.environ[name]) for name in names if os.environ.get(name)]
    places = PLACES.get(sys.platform, {})
    paths = [(root / place, driver) for place, driver in places.items() for root in roots]
    return found + [(str(path), driver) for path, driver in paths if path.is_file()]


def list_flags() -> list[str]:
    """List what the browser is started with: without its sandbox only for root on Linux, who cannot have one."""
    is_root = sys.platform == "linux" and os.geteuid() == 0
    return [*FLAGS, *(["--no-sandbox"] if is_root else [])]


def _start(browser: str, command: str) -> Any:
    from selenium import webdriver

    is_edge = Path(command).stem == EDGE
    options: Any = webdriver.EdgeOptions() if is_edge else webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in list_flags():
        options.add_argument(flag)
    if is_edge:
        return webdriver.Edge(options=options, service=webdriver.EdgeService(command))
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(command))


def _close(driver: Any) -> None:
    """Close the browser; it may be gone already, or its driver, and what they failed on is being told."""
    with suppress(Exception):
        driver.quit()
    # A browser whose driver is gone would stay for ever; whether the driver is gone is known too late to ask it.
    for name, value in driver.capabilities.items():
        if name.endswith(":processID"):
            with suppress(OSError):
                os.kill(value, getattr(signal, "SIGKILL", signal.SIGTERM))


def _open_page(driver: Any, path: Path) -> Any:
    """Cut the network, open the page, and return its field for files."""
    driver.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    driver.get(path.resolve().as_uri())
    _wait(driver, "return document.body.dataset.state")
    state, said = driver.execute_script(
        "return [document.body.dataset.state, document.getElementById('status').textContent]"
    )
    if state != "ready":
        raise ExportError(f"Cannot check the page: it says '{said}'")
    return driver.find_element("id", "files")


def _ask_page(driver: Any, field: Any, photo: Path) -> npt.NDArray[np.float32]:
    from selenium.common.exceptions import InvalidArgumentException

    driver.execute_script("document.getElementById('answers').replaceChildren()")
    try:
        field.send_keys(str(photo.resolve()))
    except InvalidArgumentException:  # a name with a line break, or one that is no text
        raise PhotoError("its name cannot be given to a browser") from None
    told = _wait(driver, "const card = document.querySelector('.answer'); return card && {...card.dataset}")
    if "error" in told:
        raise PhotoError("the browser cannot read it")
    return np.array(json.loads(told["probabilities"]), np.float32)


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Turn whatever the browser or its driver fails with into one sentence."""
    from selenium.common.exceptions import TimeoutException, WebDriverException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except TimeoutException:
        raise ExportError(f"Cannot check the page: {what} (no answer in {PATIENCE_S} s).") from None
    except (WebDriverException, HTTPError, ConnectionError) as error:
        reason = str(getattr(error, "msg", None) or error).partition("\n")[0]
        raise ExportError(f"Cannot check the page: {what} ({reason}).") from None


def _wait(driver: Any, script: str) -> Any:
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, PATIENCE_S, poll_frequency=0.01).until(lambda driver: driver.execute_script(script))
