"""Audit, look at the page, decide by keys, save, apply and train again: the files fit together."""

import csv
import shutil
import time

import pytest
from PIL import Image

import headstart as hs
from headstart.exports import browser
from headstart.inspection.applying import apply_corrections


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(
    not (any(map(shutil.which, browser.COMMANDS)) and shutil.which(browser.CHROME)),
    reason="needs Chromium and chromedriver",
)
def test_decisions_of_the_page_become_a_catalog_to_train_on(make_folder, tmp_path, monkeypatch):
    from selenium.webdriver.common.action_chains import ActionChains

    folder = make_folder(n=20)
    (folder / "dots" / "copy.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes())
    Image.new("RGB", (80, 60), (130, 130, 130)).save(folder / "stripes" / "blank.jpg")
    monkeypatch.chdir(tmp_path)
    audit = hs.audit(folder, image_size=96, verbose=False)
    kinds = [finding.kind for finding in audit.findings]
    assert {"copy", "blank"} <= set(kinds)
    driver = browser._start(*browser.require_browser())
    try:
        driver.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
        driver.get(audit.page.resolve().as_uri())
        browser._wait(driver, "return document.body.dataset.state")
        for kind in kinds:
            ActionChains(driver).send_keys({"copy": "d", "blank": "x"}.get(kind, "s")).perform()
        driver.find_element("id", "save").click()
        saved, end = tmp_path / "decisions.csv", time.monotonic() + 10
        while not saved.is_file() or not saved.stat().st_size:
            assert time.monotonic() < end, "no file was saved"
            time.sleep(0.02)
    finally:
        driver.quit()
    applied = apply_corrections(folder, decisions=saved)
    left_out = [change.path.rpartition("/")[2] for change in applied.corrections.changes]
    assert len(left_out) == 2
    assert "blank.jpg" in left_out
    assert {"copy.jpg", "000.jpg"} & set(left_out)
    with applied.record.open(encoding="utf-8", newline="") as file:
        reasons = {row["reason"] for row in csv.DictReader(file)}
    assert any(reason.startswith("Decided by a person (Copies): copy of ") for reason in reasons)
    run = hs.train(applied.path, method="fixed", image_size=96, verbose=False)
    assert sum(run.metrics[split]["n"] for split in ("train", "validation", "test")) == 40
    again = apply_corrections(applied.path, decisions=saved)
    assert again.corrections.changes == ()
