"""The page: one file, no network, and the answers of the classifier."""

import gzip
import hashlib
import json
import re
import shutil
from dataclasses import replace

import pytest

import headstart as hs
from headstart.classifier.file import read_classifier
from headstart.errors import ExportError
from headstart.exports import browser
from headstart.exports.browser import open_in_browser
from headstart.exports.export import export_classifier
from headstart.exports.page import WEB, build_page

needs_browser = pytest.mark.skipif(
    not (any(map(shutil.which, browser.COMMANDS)) and shutil.which(browser.CHROME)),
    reason="needs Chromium and chromedriver",
)


@pytest.fixture(scope="module")
def page(run):
    contents = read_classifier(run.folder)
    return build_page(contents.data, contents.metadata, "<b>pets</b> & co")


def test_the_page_asks_nobody(page):
    assert "default-src 'none'" in page
    assert "connect-src" not in page  # so the default holds, which is none
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert len(page) < 30_000_000


def test_names_are_text(page):
    assert "<b>pets</b>" not in page
    assert "&lt;b&gt;pets&lt;/b&gt; &amp; co" in page


def test_the_notices_are_on_the_page(page):
    for text in (
        "licence: Apache-2.0", "author: Google", "Apache License", "TERMS AND CONDITIONS FOR USE",
        "Copyright (c) Microsoft Corporation", "The above copyright notice and this permission notice",
        "ThirdPartyNotices.txt",
    ):  # fmt: skip
        assert text in page
    assert "<pre" in page[page.index("<details>") : page.index("licence: Apache-2.0")]


def build_page_of(run, labels):
    contents = read_classifier(run.folder)
    return build_page(contents.data, replace(contents.metadata, labels=labels), "pets")


HOSTILE = ("</script><b id=injected>", "<!--<script>\"'&")


def test_labels_are_text_even_if_they_look_like_tags(run):
    page = build_page_of(run, HOSTILE)
    assert "<b id=injected>" not in page
    assert "<!--<script>" not in page
    said = re.search(r'<script type="application/json" id="about">(.*?)</script>', page, re.DOTALL)
    assert tuple(json.loads(said[1])["labels"]) == HOSTILE


@needs_browser
def test_labels_that_look_like_tags_do_no_harm_in_a_browser(run, photos, tmp_path, monkeypatch):
    drivers = []
    start = browser._start
    monkeypatch.setattr(browser, "_start", lambda *told: drivers.append(start(*told)) or drivers[-1])
    (tmp_path / "pets.html").write_text(build_page_of(run, HOSTILE), encoding="utf-8")
    photo = next((photos / "dots").glob("*.jpg"))
    with open_in_browser(tmp_path / "pets.html") as answer:
        assert answer(photo, None).argmax() == 0
        shown = drivers[0].find_element("css selector", ".answer").text
        assert HOSTILE[0] in shown
        assert not drivers[0].find_elements("id", "injected")


@needs_browser
def test_transparent_photos_lie_on_white(run, photos, tmp_path):
    from PIL import Image

    folder = tmp_path / "photos" / "dots"
    folder.mkdir(parents=True)
    with Image.open(photos / "dots" / "000.jpg") as photo:
        photo = photo.convert("RGBA")
        photo.putalpha(Image.linear_gradient("L").resize(photo.size))
        photo.save(folder / "clear.png")
    report = export_classifier(run.folder, "html", out=tmp_path / "pets.html", check=folder.parent, verbose=False)
    assert report["n"] == 1
    assert report["parity"]["max_probability_gap"] < 0.03


RUNTIME = {  # as tools/make_web_runtime.py writes it from the pinned package
    "ort.wasm.min.js": "124e0372f5fea7e3f5f74e3ee0fc84ef34047c280fa2597146bec6d991b7b5ad",
    "ort-wasm-simd-threaded.mjs": "fb7a9ab7d40d5b3dc5d0ff6e53fe8bf286ec73e2ab023efbc329a92a361601ef",
    "ort-wasm-simd-threaded.wasm.gz": "9a202915ab712f2ac4504f9fd8c634d244a11e9f9e734361471a1fe6e7f984c0",
}


def test_the_runtime_is_the_pinned_one():
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in WEB.glob("ort*")}
    assert found == RUNTIME
    wasm = gzip.decompress((WEB / "ort-wasm-simd-threaded.wasm.gz").read_bytes())
    assert wasm.startswith(b"\0asm")
    assert "onnxruntime-web@" in (WEB / "NOTICE").read_text()


@needs_browser
def test_a_browser_answers_as_the_classifier_does(any_run, photos, tmp_path):
    report = export_classifier(any_run.folder, "html", out=tmp_path / "pets.html", check=photos, verbose=False)
    assert report["parity"]["label_agreement"] == 1
    assert report["parity"]["max_probability_gap"] < 0.02


@needs_browser
def test_a_turned_photo_is_seen_upright_and_a_broken_one_is_named(run, photos, tmp_path):
    from PIL import Image

    photo = next((photos / "stripes").glob("*.jpg"))
    folder = tmp_path / "odd" / "stripes"
    folder.mkdir(parents=True)
    (tmp_path / "odd" / "dots").mkdir()
    with Image.open(photo) as image:
        exif = image.getexif()
        exif[0x0112] = 6  # turned by a quarter
        image.save(folder / "turned.jpg", exif=exif, quality=90)
        image.save(tmp_path / "odd" / "dots" / "plain.tif")  # which no browser reads
    report = export_classifier(
        run.folder, "html", out=tmp_path / "again.html", check=tmp_path / "odd", force=True, verbose=False
    )
    assert report["n"] == 1
    assert report["parity"]["max_probability_gap"] < 0.02
    assert report["parity"]["n_unanswered"] == 1
    assert report["skipped"][0]["reason"] == "the browser cannot read it"


@needs_browser
def test_a_page_that_does_not_load_is_told(tmp_path):
    (tmp_path / "pets.html").write_text(
        '<body data-state="failed"><p id="status">The model cannot be loaded: no reason.</p></body>'
    )
    with pytest.raises(ExportError, match="The model cannot be loaded"), open_in_browser(tmp_path / "pets.html"):
        pytest.fail("it was asked")


def test_without_a_browser_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ExportError, match="or export without --check"), open_in_browser(tmp_path / "pets.html"):
        pytest.fail("it was asked")


def test_int8_needs_no_browser_to_be_written(run, photos, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    path = tmp_path / "pets.html"
    with pytest.raises(ExportError, match="or give them to --calibrate alone"):
        export_classifier(run.folder, "html", int8=True, out=path, check=photos, verbose=False)
    report = export_classifier(run.folder, "html", int8=True, out=path, calibrate=photos, verbose=False)
    assert "parity" not in report
    assert path.stat().st_size < 9_000_000


def test_the_sandbox_is_left_to_whoever_can_have_one(monkeypatch):
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
    with pytest.raises(ExportError, match=f"{driver}, which drives '.*', is not installed"):
        browser.require_browser()


@needs_browser
@pytest.mark.parametrize(
    ("script", "reason"),
    [("", r"1\.jpg' \(no answer in 1 s\)"), ("answers.remove(); throw 1", r"1\.jpg' \(javascript error")],
)
def test_a_page_that_fails_while_it_answers_is_told(tmp_path, monkeypatch, script, reason):
    monkeypatch.setattr(browser, "PATIENCE_S", 1)
    (tmp_path / "1.jpg").touch()
    (tmp_path / "pets.html").write_text(
        '<body data-state="ready"><p id="status"></p><div id="answers"></div><input id="files" type="file">'
        f"<script>{script}</script></body>"
    )
    with open_in_browser(tmp_path / "pets.html") as answer, pytest.raises(ExportError, match=reason):
        answer(tmp_path / "1.jpg", None)


@needs_browser
def test_a_driver_that_is_gone_is_told(tmp_path, monkeypatch):
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


def test_labels_of_many_classes_are_counted(run):
    contents = read_classifier(run.folder)
    assert "Tells dots and stripes apart" in build_page(contents.data, contents.metadata, "pets")
    assert hs.load(run.folder).labels == ("dots", "stripes")
