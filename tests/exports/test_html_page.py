"""The page is one file without network, and predicts what the classifier predicts."""

import gzip
import hashlib
import json
import re
import shutil
import struct
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import headstart as hs
from headstart.classifier.decision import Decision
from headstart.classifier.file import read_classifier
from headstart.errors import ExportError
from headstart.exports import browser
from headstart.exports.browser import open_in_browser
from headstart.exports.export import export_classifier
from headstart.exports.html_page import WEB, build_page
from headstart.pixels.decode import open_photo

needs_browser = pytest.mark.skipif(
    not (any(map(shutil.which, browser.COMMANDS)) and shutil.which(browser.CHROME)),
    reason="needs Chromium and chromedriver",
)


@pytest.fixture(scope="module")
def page(run):
    contents = read_classifier(run.folder)
    return build_page(contents.data, contents.metadata, "<b>pets</b> & co")


def test_the_page_makes_no_connection(page):
    assert "default-src 'none'" in page
    assert "form-action 'none'; base-uri 'none'" in page
    assert "connect-src" not in page  # so the default holds, which is none
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert len(page) < 30_000_000


def test_names_are_escaped(page):
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


def test_labels_that_look_like_tags_are_escaped(run):
    page = build_page_of(run, HOSTILE)
    assert "<b id=injected>" not in page
    assert "<!--<script>" not in page
    said = re.search(r'<script type="application/json" id="about">(.*?)</script>', page, re.DOTALL)
    assert tuple(json.loads(said[1])["labels"]) == HOSTILE


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_labels_that_look_like_tags_are_shown_as_text_in_a_browser(run, photos, tmp_path, monkeypatch):
    drivers = []
    start = browser._start
    monkeypatch.setattr(browser, "_start", lambda *told: drivers.append(start(*told)) or drivers[-1])
    (tmp_path / "pets.html").write_text(build_page_of(run, HOSTILE), encoding="utf-8")
    photo = next((photos / "dots").glob("*.jpg"))
    with open_in_browser(tmp_path / "pets.html") as answer:
        assert answer(photo, None).probabilities.argmax() == 0
        shown = drivers[0].find_element("css selector", ".answer").text
        assert HOSTILE[0] in shown
        assert not drivers[0].find_elements("id", "injected")


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_transparent_photos_are_drawn_on_white(run, photos, tmp_path):
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


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_browser_predicts_what_the_classifier_predicts(any_run, photos, tmp_path):
    report = export_classifier(any_run.folder, "html", out=tmp_path / "pets.html", check=photos, verbose=False)
    assert report["parity"]["label_agreement"] == 1
    assert report["parity"]["max_probability_gap"] < 0.02


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_rotated_photo_is_upright_and_an_unreadable_one_is_reported(run, photos, tmp_path):
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


def test_an_int8_page_is_written_without_a_browser(run, photos, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    path = tmp_path / "pets.html"
    with pytest.raises(ExportError, match="or give --calibrate instead of --check"):
        export_classifier(run.folder, "html", int8=True, out=path, check=photos, verbose=False)
    report = export_classifier(run.folder, "html", int8=True, out=path, calibrate=photos, verbose=False)
    assert "parity" not in report
    assert path.stat().st_size < 9_000_000


def test_the_page_names_its_classes(run):
    contents = read_classifier(run.folder)
    assert "Distinguishes dots and stripes." in build_page(contents.data, contents.metadata, "pets")
    assert hs.load(run.folder).labels == ("dots", "stripes")


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "pets.html"
    export_classifier(run.folder, "html", out=path, verbose=False)
    return path


@contextmanager
def open_page(path, before="", flags=()):
    """Open a page in a browser with more flags, after a script that changes what the browser can do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(browser, "FLAGS", (*browser.FLAGS, *flags))
        driver = browser._start(*browser.require_browser())
    try:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": before})
        driver.get(path.as_uri())
        browser._wait(driver, "return document.body.dataset.state")
        yield driver
    finally:
        driver.quit()


def drop(driver, paths, n_told):
    driver.find_element("id", "files").send_keys("\n".join(map(str, paths)))
    browser._wait(driver, f"return nPhotos === {n_told} && document.getElementById('status').textContent === 'Ready.'")


def wait_for(condition):
    for _ in range(100):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def make_exif(orientation, order="<", kind=3):
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    entries = struct.pack(f"{order}HHHIHH", 2, 0x010E, 3, 1, 7, 0) + struct.pack(
        f"{order}HHIHH", 0x0112, kind, 1, orientation, 0
    )
    return head + entries + bytes(4)


def encode_webp(path, exif):
    pixels = np.random.default_rng(5).integers(0, 256, (5, 9, 3), np.uint8)
    Image.fromarray(pixels).save(path, "WEBP", lossless=True, exact=True, exif=exif)
    return path


READ = """
const [done] = arguments;
openPhoto(document.getElementById("probe").files[0]).then((photo) => {
  const place = Object.assign(document.createElement("canvas"), { width: photo.width, height: photo.height });
  const context = place.getContext("2d");
  photo.draw(context, 1);
  done([photo.width, photo.height, [...context.getImageData(0, 0, photo.width, photo.height).data]]);
}, (error) => done(String(error)));
"""


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_rotated_webps_give_the_pixels_of_our_decoder(exported, tmp_path):
    whole = make_exif(6)
    odd = [
        whole[:-8],
        whole[:6],
        b"",
        b"Exif\0\0" + make_exif(8),
        make_exif(9),
        make_exif(6, kind=4),
        make_exif(6, kind=2),
        b"II*\0\xff\xff\xff\xff",
    ]
    blocks = [make_exif(n, order) for n in range(1, 9) for order in "<>"] + odd
    with open_page(exported) as driver:
        driver.execute_script(
            "document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'probe' }))"
        )
        for n, block in enumerate(blocks):
            path = encode_webp(tmp_path / f"{n}.webp", block)
            driver.find_element("id", "probe").send_keys(str(path))
            width, height, rgba = driver.execute_async_script(READ)
            expected = open_photo(path.read_bytes())
            assert (height, width) == expected.shape[:2], block
            assert (np.reshape(rgba, (height, width, 4))[..., :3] == expected).all(), block


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_photos_with_a_profile_give_the_pixels_of_our_decoder(exported, photos, profiles, tmp_path):
    with open_page(exported) as driver:
        driver.execute_script(
            "document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'probe' }))"
        )
        for name, kind in (("display_p3", "jpg"), ("display_p3", "webp"), ("prophoto", "jpg"), ("prophoto", "png")):
            path = tmp_path / f"{name}.{kind}"
            with Image.open(photos / "dots" / "000.jpg") as image:
                image.save(path, quality=95, icc_profile=profiles[name])
                unconverted = np.asarray(image.convert("RGB"), int)
            driver.find_element("id", "probe").send_keys(str(path))
            width, height, rgba = driver.execute_async_script(READ)
            expected = open_photo(path.read_bytes()).astype(int)
            found = np.reshape(rgba, (height, width, 4))[..., :3]
            # one level; in WebP the decoders of colour differ too
            assert np.abs(found - expected).mean() < (0.05 if kind != "webp" else 0.6)
            assert kind == "webp" or np.abs(found - expected).max() <= 1
            assert name == "display_p3" or np.abs(unconverted - expected).mean() > 10


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_rotated_webp_is_classified_as_by_predict(run, photos, tmp_path):
    folder = tmp_path / "odd" / "stripes"
    folder.mkdir(parents=True)
    (tmp_path / "odd" / "dots").mkdir()
    for number, photo in enumerate(sorted((photos / "stripes").glob("*.jpg"))[:3]):
        with Image.open(photo) as image:
            image.save(folder / f"{number}.webp", lossless=True, exif=make_exif(6))
    report = export_classifier(run.folder, "html", out=tmp_path / "a.html", check=tmp_path / "odd", verbose=False)
    assert report["n"] == 3
    assert report["parity"]["max_probability_gap"] < 0.005


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize("name", ["display_p3", "prophoto"])
def test_photos_with_a_profile_are_classified_as_by_predict(run, photos, profiles, name, tmp_path):
    (tmp_path / "odd" / "stripes").mkdir(parents=True)
    (tmp_path / "odd" / "dots").mkdir()
    for label in ("stripes", "dots"):
        for photo in sorted((photos / label).glob("*.jpg"))[:4]:
            with Image.open(photo) as image:
                target = tmp_path / "odd" / label / photo.name
                image.save(target, quality=95, icc_profile=profiles[name])
    report = export_classifier(run.folder, "html", out=tmp_path / "a.html", check=tmp_path / "odd", verbose=False)
    assert report["n"] == 8
    # ProPhoto is 15 levels off before the conversion, which the page makes before resizing, and predict after it
    assert report["parity"]["max_probability_gap"] < (0.03 if name == "prophoto" else 0.02)


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_photo_too_large_for_the_canvas_is_an_error(exported, photos, tmp_path):
    wide = tmp_path / "wide.png"  # wider than Chromium's canvas, which then stays empty
    Image.new("RGB", (66_000, 2), "white").save(wide)
    with open_page(exported) as driver:
        drop(driver, [wide], 1)
        assert "Too large for this browser: 66000 by 2 pixels." in driver.find_element("id", "answers").text
        drop(driver, [next(photos.rglob("*.jpg"))], 2)
        told = driver.execute_script(
            "return [...document.querySelectorAll('.answer')].map((card) => 'error' in card.dataset)"
        )
    assert told == [False, True]


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_cards_are_thumbnails_of_bounded_number_until_cleared(exported, photos):
    paths = sorted(photos.rglob("*.jpg"))
    with open_page(exported) as driver:
        drop(driver, paths[:1], 1)
        drop(driver, paths[1:3], 3)
        names = "return [...document.querySelectorAll('.answer h2')].map((name) => name.textContent)"
        assert driver.execute_script(names) == [path.name for path in paths[2::-1]]
        opened = "return [...document.querySelectorAll('.answer')].map((card) => card.classList.contains('open'))"
        assert driver.execute_script(opened) == [True, False, False]
        driver.execute_script("document.querySelectorAll('.frame')[2].click()")
        assert driver.execute_script(opened) == [True, False, True]
        assert "%" in driver.find_element("css selector", ".answer:nth-child(3) .bars").text
        drop(driver, paths[:25], 28)
        drop(driver, paths[:25], 53)
        assert (
            driver.find_element("css selector", "#count span").text
            == "53 photos, newest first; only the last 50 are shown."
        )
        assert driver.execute_script("return document.querySelectorAll('.answer').length") == 50
        assert driver.execute_script("return document.querySelectorAll('#answers img').length") == 0
        sides = "return Math.max(...[...document.querySelectorAll('.answer canvas')].map((one) => one.width))"
        assert driver.execute_script(sides) <= 400
        driver.find_element("id", "clear").click()
        assert driver.execute_script("return document.getElementById('answers').childElementCount") == 0
        assert not driver.find_element("id", "count").is_displayed()


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_the_camera_uses_one_canvas(exported):
    count = "window.nMade = 0; const make = document.createElement.bind(document);" + (
        "document.createElement = (kind) => { if (kind === 'canvas') window.nMade += 1; return make(kind); };"
    )
    flags = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with open_page(exported, count, flags) as driver:
        driver.find_element("id", "camera").click()
        browser._wait(driver, "return document.getElementById('live').dataset.label")
        driver.execute_script(
            "window.nFrames = 0; const draw = drawAnswer; drawAnswer = (...all) => { nFrames += 1; draw(...all); }"
        )
        browser._wait(driver, "return nFrames > 4")
        assert driver.execute_script("return document.getElementById('live').dataset.answer")
        assert driver.execute_script("return drift.nPhotos") == 0  # frames are not independent photos
        assert driver.execute_script("return nMade") == 1
        driver.find_element("id", "camera").click()
        assert not driver.find_element("id", "live").is_displayed()


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_strangers_are_refused_and_counted_until_cleared(run, exported, photos, tmp_path):
    noise = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)).save(noise)
    paths = [noise, *sorted(photos.rglob("*.jpg"))[:3]]
    expected = hs.load(run.folder, precision="f32", sets=0.8).predict(paths)  # as the page
    with open_page(exported) as driver:
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
        assert not driver.find_element("id", "drift").is_displayed()
        driver.execute_script("document.getElementById('level').value = '0.8'")
        drop(driver, paths, 4)
        cards = driver.execute_script(
            "return [...document.querySelectorAll('.answer')].map((one) => ({...one.dataset}))"
        )
        for card, one in zip(cards[::-1], expected, strict=True):
            assert (card["answer"], card["label"]) == (one.answer, one.label)
            assert float(card["novelty"]) == pytest.approx(one.novelty, abs=0.02)
            assert (tuple(json.loads(card["labelSet"])) if "labelSet" in card else None) == one.label_set
        assert [one.is_known for one in expected] == [False, True, True, True]
        told = driver.find_element("id", "drift").text
        assert told.startswith("1 of 4 photos was refused; fewer than 1 is expected. This is not enough for an alarm.")
        driver.find_element("id", "save").click()
        saved = tmp_path / "pets drift.json"
        wait_for(saved.exists)
        state = json.loads(saved.read_text(encoding="utf-8"))
        assert (state["n_photos"], state["n_refused"], state["labels"]) == (4, 1, {"dots": 3})
        driver.find_element("id", "clear").click()
        assert not driver.find_element("id", "drift").is_displayed()


@pytest.mark.browser
@needs_browser
def test_answers_that_are_no_numbers_are_not_shown_or_counted(exported, photos):
    with open_page(exported) as driver:
        driver.execute_script(
            "session = { run: async () => ({ probabilities: { data: [0.9, 0.1] }, novelty: { data: [NaN] } }) }"
        )
        drop(driver, sorted(photos.rglob("*.jpg"))[:1], 1)
        assert "the classifier is damaged, and its answers are no" in driver.find_element("id", "answers").text
        assert driver.execute_script("return drift.nPhotos") == 0


@pytest.mark.browser
@needs_browser
def test_a_browser_without_simd_shows_the_required_versions(exported):
    with open_page(exported, "WebAssembly.validate = () => false") as driver:
        told = driver.find_element("id", "status").text
    assert told.startswith("The model cannot be loaded: this browser is too old")
    assert "Safari 16.4" in told


def decided(run, set_decision, path, label):
    return set_decision(run.folder, path, Decision(label=label, threshold=0.0))


def test_the_page_says_the_rule_of_its_answers(run, set_decision, tmp_path):
    contents = read_classifier(decided(run, set_decision, tmp_path / "model.onnx", "stripes"))
    page = build_page(contents.data, contents.metadata, "pets")
    assert "The answer is &#39;stripes&#39; if its probability is at least 0.0%" in page
    assert '"decision": null' in build_page_of(run, ("dots", "stripes"))


@pytest.mark.slow
@pytest.mark.browser
@needs_browser
def test_a_page_follows_the_decision_and_says_why(run, photos, set_decision, tmp_path):
    model = decided(run, set_decision, tmp_path / "model.onnx", "stripes")
    path = tmp_path / "pets.html"
    export_classifier(model, "html", out=path, verbose=False)
    with open_page(path) as driver:
        drop(driver, [photos / "dots" / "000.jpg"], 1)
        card = driver.find_element("css selector", ".answer")
        assert card.get_attribute("data-label") == "stripes"
        assert "By the working point of 'stripes': at least 0.0%." in card.text
        first = card.find_element("css selector", ".bar").text
        assert first.startswith("stripes")
