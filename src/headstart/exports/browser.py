"""Run an exported page in a headless browser without network, and give it photo files as a person would."""

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

from headstart.errors import ExportError, PhotoError
from headstart.exports.prediction import Outputs, Pixels, PredictOne
from headstart.process.packages import require_packages

CHROME, EDGE = "chromedriver", "msedgedriver"  # drivers of the browsers
COMMANDS = {
    "chromium": CHROME, "chromium-browser": CHROME, "google-chrome": CHROME, "google-chrome-stable": CHROME,
    "chrome": CHROME, "microsoft-edge": EDGE, "microsoft-edge-stable": EDGE, "msedge": EDGE,
}  # fmt: skip
# where installers put browsers outside PATH
LOCATIONS = {
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
TIMEOUT_S = 60


@contextmanager
def open_in_browser(path: Path) -> Iterator[PredictOne]:
    """Open a page in a headless Chromium, Chrome or Edge without network; ExportError if it fails."""
    browser, command = require_browser()
    with _explain_failure("the browser does not start"):
        driver = _start(browser, command)
    try:
        with _explain_failure("the browser failed"):
            field = _open_page(driver, path)

        def predict(photo: Path, _: Pixels) -> Outputs:
            with _explain_failure(f"the browser failed on '{photo}'"):
                return _predict_in_page(driver, field, photo)

        yield predict
    finally:
        _close(driver)


def require_browser(otherwise: str = "export without --check") -> tuple[str, str]:
    """Return the paths of a browser and of its driver.

    If there is none, the error message says what the user can do ``otherwise``.

    Raises
    ------
    MissingExtraError
        If selenium is not installed.
    ExportError
        If there is no browser, or no driver for it.
    """
    require_packages("check the page", "html", "selenium", hint=f"or {otherwise}")
    found = _list_browsers()
    for browser, command in found:
        driver = shutil.which(command)
        if driver is not None:
            return browser, driver
    missing = f"{found[0][1]}, the driver of '{found[0][0]}'," if found else "Chromium, Chrome or Edge"
    raise ExportError(f"Cannot check the page: {missing} is not installed. Install it, or {otherwise}.")


def _list_browsers() -> list[tuple[str, str]]:
    """Return the browsers of this machine, each with the name of its driver."""
    found = [(path, driver) for name, driver in COMMANDS.items() if (path := shutil.which(name)) is not None]
    if sys.platform == "darwin":
        roots = [Path("/Applications"), Path.home() / "Applications"]
    else:
        names = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        roots = [Path(os.environ[name]) for name in names if os.environ.get(name)]
    locations = LOCATIONS.get(sys.platform, {})
    paths = [(root / location, driver) for location, driver in locations.items() for root in roots]
    return found + [(str(path), driver) for path, driver in paths if path.is_file()]


def list_flags() -> list[str]:
    """Return the flags of the browser. Its sandbox is off only for root on Linux, where it cannot work."""
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
    """Close the browser and its driver. Errors are ignored: one of them may have ended already."""
    with suppress(Exception):
        driver.quit()
    # if the driver has ended, quit() does not end the browser
    for name, value in driver.capabilities.items():
        if name.endswith(":processID"):
            with suppress(OSError):
                os.kill(value, getattr(signal, "SIGKILL", signal.SIGTERM))


def _open_page(driver: Any, path: Path) -> Any:
    """Disable the network, open the page, and return its input for files."""
    driver.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    driver.get(path.resolve().as_uri())
    _wait(driver, "return document.body.dataset.state")
    script = "return [document.body.dataset.state, document.getElementById('status').textContent]"
    state, status = driver.execute_script(script)
    if state != "ready":
        raise ExportError(f"Cannot check the page: it says '{status}'")
    return driver.find_element("id", "files")


def _predict_in_page(driver: Any, field: Any, photo: Path) -> Outputs:
    from selenium.common.exceptions import InvalidArgumentException

    driver.execute_script("document.getElementById('answers').replaceChildren()")
    try:
        field.send_keys(str(photo.resolve()))
    except InvalidArgumentException:  # a name with a line break, or one that is not valid text
        raise PhotoError("its name cannot be given to a browser") from None
    card = _wait(driver, "const card = document.querySelector('.answer'); return card && {...card.dataset}")
    if "error" in card:
        raise PhotoError("the browser cannot read it")
    novelty = json.loads(card.get("novelty", "null"))
    return Outputs(np.array(json.loads(card["probabilities"]), np.float32), novelty)


@contextmanager
def _explain_failure(what: str) -> Iterator[None]:
    """Turn any error of the browser or its driver into one sentence."""
    from selenium.common.exceptions import TimeoutException, WebDriverException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except TimeoutException:
        raise ExportError(f"Cannot check the page: {what} (timed out after {TIMEOUT_S} s).") from None
    except (WebDriverException, HTTPError, ConnectionError) as error:
        reason = str(getattr(error, "msg", None) or error).partition("\n")[0]
        raise ExportError(f"Cannot check the page: {what} ({reason}).") from None


def _wait(driver: Any, script: str) -> Any:
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, TIMEOUT_S, poll_frequency=0.01).until(lambda driver: driver.execute_script(script))
