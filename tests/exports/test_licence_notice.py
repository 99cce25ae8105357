"""Every notice names where the network is from, and has the text of a licence that asks for it."""

import pytest

from headstart.exports.licence_notice import write_notice

ENTRIES = {"backbone.name": "MobileNetV2", "backbone.licence": "Apache-2.0", "labels": "a\nb"}


@pytest.mark.parametrize("licence", ["Apache-2.0", "apache-2.0"])
def test_the_text_of_apache_s_licence_goes_along(licence):
    notice = write_notice(ENTRIES | {"backbone.licence": licence})
    assert "name: MobileNetV2" in notice
    assert "Version 2.0, January 2004" in notice
    assert "not inside" not in notice
    assert "labels" not in notice


@pytest.mark.parametrize("licence", ["MIT", "unknown"])
def test_a_text_that_is_missing_is_told(licence):
    notice = write_notice(ENTRIES | {"backbone.licence": licence})
    assert "Version 2.0, January 2004" not in notice
    assert "The text of this licence is not inside" in notice
