"""The name of a photo in messages."""

from pathlib import Path

from headstart.catalog.photo import Photo
from headstart.catalog.source_listing import SourceListing
from headstart.catalog.split import KEEP_ALL


def test_photos_below_the_root_are_named_by_their_relative_path():
    found = SourceListing(Path("pets"), [], labels=frozenset(), plan=KEEP_ALL)
    assert found.name_photo(Photo(str(Path("pets", "cats", "1.jpg")), "cats", digest="00", split=None)) == "cats/1.jpg"
    assert found.name_photo(Photo(str(Path("others", "2.jpg")), "cats", digest="00", split=None)) == "others/2.jpg"
