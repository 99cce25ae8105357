"""``embed_photos`` checks its arguments, and computes in this process or on Ray."""

import pytest

from headstart.errors import MissingExtraError, ScaleError
from headstart.training.embed import embed_photos

pytest.importorskip("pyarrow")


def test_photos_are_embedded_in_this_process_by_default(make_folder, tmp_path):
    written = embed_photos(make_folder(n=2), tmp_path / "out", image_size=96, verbose=False)
    assert (written.folder, written.n_photos, written.n_new, written.skipped) == (tmp_path / "out", 4, 4, ())


def test_an_unknown_dtype_is_refused(make_folder, tmp_path):
    with pytest.raises(ScaleError, match="need one of float32, float16"):
        embed_photos(make_folder(n=2), tmp_path / "out", dtype="float64")


def test_a_missing_ray_is_named_with_its_extra(make_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.process.packages.is_installed", lambda name: name != "ray")
    with pytest.raises(MissingExtraError, match=r"headstart\[ray\]"):
        embed_photos(make_folder(n=2), tmp_path / "out", image_size=96, verbose=False, ray="local")
