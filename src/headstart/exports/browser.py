"""An exported page is asked as a person would: photo files are given to it in a real browser, without network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import ExportError, MissingExtraError, PhotoError
from headstart.exports.formats import Answer, Pixels

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
PATIENCE_S = 60


@contextmanager
def open_in_browser(path: Path) -> Iterator[Answer]:
    """Open a page in a headless Chromium whose network is cut.

    Raises
    ------
    MissingExtraError
        If selenium, which drives it, is not installed.
    ExportError
        If there is no Chromium, or the page does not load in it.
    """
    driver = _start()
    try:
        from selenium.common.exceptions import InvalidArgumentException, WebDriverException

        driver.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        try:
            driver.get(path.resolve().as_uri())
            _wait(driver, "return document.body.dataset.state")
        except WebDriverException as error:
            raise ExportError(f"Cannot check the page: the browser failed ({error.msg}).") from None
        said = driver.execute_script(
            "return [document.body.dataset.state, document.getElementById('status').textContent]"
        )
        if said[0] != "ready":
            raise ExportError(f"Cannot check the page: it says '{said[1]}'")
        field = driver.find_element("id", "files")

        def answer(photo: Path, _: Pixels) -> npt.NDArray[np.float32]:
            driver.execute_script("document.getElementById('answers').replaceChildren()")
            try:
                field.send_keys(str(photo.resolve()))
            except InvalidArgumentException:  # a name with a line break, or one that is no text
                raise PhotoError("its name cannot be given to a browser") from None
            told = _wait(driver, "const card = document.querySelector('.answer'); return card && {...card.dataset}")
            if "error" in told:
                raise PhotoError("the browser cannot read it")
            return np.array(json.loads(told["probabilities"]), np.float32)

        yield answer
    finally:
        driver.quit()


def _start() -> Any:
    try:
        from selenium import webdriver
        from selenium.common.exceptions import WebDriverException
    except ImportError:
        raise MissingExtraError(
            "Cannot check the page: selenium, which drives a browser, is not installed. Install it with: "
            "pip install 'headstart[html]'"
        ) from None
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        what = "Chromium or Chrome" if browser is None else "chromedriver"
        raise ExportError(f"Cannot check the page: {what} is not installed. Install it, or export without --check.")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in FLAGS:
        options.add_argument(flag)
    try:
        return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    except WebDriverException as error:
        raise ExportError(f"Cannot check the page: the browser does not start ({error.msg}).") from None


def _wait(driver: Any, script: str) -> Any:
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(driver, PATIENCE_S, poll_frequency=0.01).until(lambda driver: driver.execute_script(script))
