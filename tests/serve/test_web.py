"""The pages of the service in a real browser: photos are classified and explained, without other hosts."""

import re
import shutil

import pytest
from PIL import Image

from headstart.exports import browser
from headstart.process.packages import is_installed

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed("fastapi"), reason="needs the extra serve"),
    pytest.mark.skipif(
        not (any(map(shutil.which, browser.COMMANDS)) and shutil.which(browser.CHROME)),
        reason="needs Chromium and chromedriver",
    ),
]


@pytest.fixture(scope="module")
def driver():
    driver = browser._start(*browser.require_browser())
    yield driver
    driver.quit()


def list_hosts(driver):
    entries = driver.execute_script("return performance.getEntries().map((entry) => entry.name)")
    return {match[1] for entry in entries if (match := re.match(r"https?://([^/]+)", entry))}


def test_photos_are_classified_and_explained(driver, served, photos, tmp_path):
    plain = tmp_path / "plain.tif"  # which the server knows and the browser does not
    with Image.open(photos[0]) as image:
        image.save(plain)
    (tmp_path / "none.txt").write_text("no photo")
    driver.get(served)
    files = [photos[0], plain, tmp_path / "none.txt"]
    driver.find_element("id", "files").send_keys("\n".join(map(str, files)))
    browser._wait(driver, "return nPhotos === 3")
    cards = driver.execute_script(
        "return [...document.querySelectorAll('.answer')].map((card) => [card.dataset.label || card.textContent, "
        "card.querySelectorAll('canvas').length])"
    )
    assert cards[1:] == [["dots", 0], ["dots", 1]]
    assert "not a photo: no known signature" in cards[0][0]
    driver.execute_script("document.querySelectorAll('.frame')[2].click()")
    driver.find_element("css selector", ".answer:nth-child(3) .small").click()
    browser._wait(driver, "const heat = document.querySelector('.heat'); return heat && heat.naturalWidth === 80")
    driver.find_element("css selector", ".answer:nth-child(3) .small").click()
    browser._wait(driver, "return document.querySelector('.heat').hidden")
    assert list_hosts(driver) == {served.removeprefix("http://")}
    refused = [entry["message"] for entry in driver.get_log("browser") if "Content Security" in entry["message"]]
    assert not refused


def test_a_stranger_is_none_of_these_and_the_state_is_a_sentence(driver, served, photos, stranger):
    driver.get(served)
    driver.find_element("id", "files").send_keys(f"{photos[0]}\n{stranger}")
    browser._wait(driver, "return nPhotos === 2 && document.getElementById('status').textContent === 'Ready.'")
    refused, known = driver.find_elements("css selector", ".answer")
    assert (refused.get_attribute("data-answer"), known.get_attribute("data-answer")) == ("none of these", "dots")
    assert refused.get_attribute("data-label") in ("dots", "stripes")
    assert float(refused.get_attribute("data-novelty")) <= 0.05 < float(known.get_attribute("data-novelty"))
    assert "none of these" in refused.text
    assert "of the classifier's own photos look" in refused.text
    told = driver.find_element("id", "drift")
    assert re.match(r"\d+ of \d+ photos (was|were) refused; ", told.text)
    driver.execute_script("document.querySelectorAll('.frame')[0].click()")
    assert re.search("none of these nearest: (dots|stripes)", refused.text)


def test_the_interface_is_shown_without_another_host(driver, served):
    driver.get(f"{served}/docs")
    assert driver.find_element("css selector", "#predict h2").text == "POST /predict"
    assert list_hosts(driver) == {served.removeprefix("http://")}
    fits = "return document.documentElement.scrollWidth <= innerWidth"
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    )
    assert driver.execute_script(fits)
