"""The page of a suggestion: one file without connections, whose texts are no markup, and that saves labels."""

import json
import re

from headstart.report.suggest_page import render_suggestions


def render(**more):
    photo = {
        "path": "a.jpg",
        "file": "/a.jpg",
        "guess": "cats",
        "kind": "undecided",
        "reason": "cats 52%",
        "thumbnail": "data:image/x",
    }
    content = {"title": "pets", "sentences": ["30 photos."], "photos": [photo], "next_step": "Fill it in."} | more
    return render_suggestions(**content)


def test_photos_have_a_thumbnail_a_guess_and_a_reason():
    page = render()
    assert '<img src="data:image/x" alt="a.jpg" loading="lazy">' in page
    assert "cats?" in page
    assert "cats 52%" in page
    assert "Fill it in." in page


def test_a_photo_without_a_thumbnail_or_guess_is_listed():
    page = render(
        photos=[{"path": "a.jpg", "file": "a.jpg", "guess": None, "kind": "typical", "reason": "r", "thumbnail": None}]
    )
    assert "cannot be shown" in page
    assert 'guess">' not in page


def test_texts_of_the_user_are_no_markup():
    hostile = "<script>alert(1)</script>\"'"
    photo = {
        "path": hostile,
        "file": hostile,
        "guess": hostile,
        "kind": "strange",
        "reason": hostile,
        "thumbnail": None,
    }
    page = render(title=hostile, sentences=[hostile], photos=[photo], next_step=hostile, labels=[hostile])
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;") == 7
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert data == {"rows": [[hostile] * 3], "labels": [hostile], "name": "suggested.csv"}


def test_the_page_may_load_nothing():
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', render())[1]
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert re.search("script-src 'sha256-[^' ]*';", policy)
    assert "unsafe" not in policy
