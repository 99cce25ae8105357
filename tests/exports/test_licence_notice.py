"""Every notice names the origin of the network, and contains the text of an Apache licence."""

import pytest

from headstart.exports.licence_notice import write_notice

ENTRIES = {"backbone.name": "MobileNetV2", "backbone.licence": "Apache-2.0", "labels": "a\nb"}


@pytest.mark.parametrize("licence", ["Apache-2.0", "apache-2.0"])
def test_the_notice_contains_the_apache_licence(licence):
    notice = write_notice(ENTRIES | {"backbone.licence": licence})
    assert "name: MobileNetV2" in notice
    assert "Version 2.0, January 2004" in notice
    assert "not inside" not in notice
    assert "labels" not in notice


@pytest.mark.parametrize("licence", ["MIT", "unknown"])
def test_the_notice_says_if_a_licence_text_is_missing(licence):
    notice = write_notice(ENTRIES | {"backbone.licence": licence})
    assert "Version 2.0, January 2004" not in notice
    assert "The text of this licence is not inside" in notice
