"""The page of a suggestion in a real browser: labels are typed or taken from the guess, and saved as a CSV."""

import base64
import csv
import shutil
import time

import pytest

from headstart.exports import browser
from headstart.report.suggest_page import render_suggestions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(
        not (any(map(shutil.which, browser.COMMANDS)) and shutil.which(browser.CHROME)),
        reason="needs Chromium and chromedriver",
    ),
]
GUESSES = ("cats", "dogs", "none of these", None)


@pytest.fixture(scope="module")
def driver():
    driver = browser._start(*browser.require_browser())
    yield driver
    driver.quit()


@pytest.fixture
def page(driver, tmp_path):
    photos = [
        {"path": f"{n}.jpg", "file": f"/new/=é {n}.jpg", "guess": guess, "kind": "undecided", "reason": "cats 52%, x",
         "thumbnail": None}
        for n, guess in enumerate(GUESSES)
    ]  # fmt: skip
    path = tmp_path / "page.html"
    path.write_text(
        render_suggestions(
            title="pets", sentences=["4 photos."], photos=photos, next_step="Train.", labels=("cats", "dogs"),
            csv_name="pets-suggested.csv",
        ),
        encoding="utf-8",
    )  # fmt: skip
    driver.get_log("browser")
    driver.get(path.as_uri())
    browser._wait(driver, "return document.body.dataset.state")
    return driver


def save(driver, folder):
    driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    driver.find_element("id", "save").click()
    path, end = folder / "pets-suggested.csv", time.monotonic() + 10
    while not path.is_file() or not path.stat().st_size:
        assert time.monotonic() < end, "no file was saved"
        time.sleep(0.02)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_labels_are_typed_or_taken_from_the_guess_and_saved(page, tmp_path):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    inputs = page.find_elements("css selector", ".slot input")
    buttons = page.find_elements("css selector", ".slot button")
    assert [button.text for button in buttons] == ["cats", "dogs"]  # none for photos of none of the classes
    buttons[1].click()
    inputs[2].click()
    ActionChains(page).send_keys(" =cows ", Keys.ENTER, "birds").perform()
    assert page.execute_script("return document.activeElement === inputs[3]")
    assert page.find_element("id", "count").text == "3 of 4 labelled"
    ActionChains(page).send_keys(Keys.TAB).perform()
    assert page.execute_script("return [...names].sort()") == ["=cows", "birds", "cats", "dogs"]
    assert save(page, tmp_path) == [
        ["path", "label", "guess", "reason"], ["/new/=é 0.jpg", "", "cats", "cats 52%, x"],
        ["/new/=é 1.jpg", "dogs", "dogs", "cats 52%, x"],
        ["/new/=é 2.jpg", "'=cows", "none of these", "cats 52%, x"], ["/new/=é 3.jpg", "birds", "", "cats 52%, x"],
    ]  # fmt: skip
    assert not [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"]


def test_whole_photos_are_shown_not_their_middle(driver, tmp_path):
    text = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="320"><rect width="100" height="320"/></svg>'
    image = f"data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"
    photos = [{"path": "a", "file": "a", "guess": None, "kind": "typical", "reason": "x", "thumbnail": image}]
    path = tmp_path / "page.html"
    path.write_text(render_suggestions(title="towers", sentences=[], photos=photos, next_step=""), encoding="utf-8")
    driver.get(path.as_uri())
    browser._wait(driver, "return document.body.dataset.state")
    frame, inside = (
        driver.execute_script(f"return document.querySelector('{at}').getBoundingClientRect().toJSON()")
        for at in (".frame", ".frame img")
    )
    assert frame["height"] > 100
    assert inside == pytest.approx(frame, abs=1)
