"""``headstart embed``: what it prints, and how it fails."""

import json

import pytest

pytest.importorskip("pyarrow")


@pytest.mark.slow
def test_counts_of_embedded_and_skipped_photos_are_printed(headstart, make_folder, tmp_path):
    folder = make_folder(n=3)
    (folder / "dots" / "text.jpg").write_bytes(b"text")
    out = tmp_path / "features.parquet"
    options = [folder, "--out", out, "--image-size", "96"]
    ended = headstart("embed", *options)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"Features: {out}\n"
    assert "6 photos embedded, 0 were already written" in ended.stderr
    assert "1 file left out, such as" in ended.stderr
    answer = json.loads(headstart("embed", *options, "--json").stdout)
    assert (answer["n_photos"], answer["n_new"]) == (6, 0)
    assert [skip["reason"] for skip in answer["skipped"]] == ["not a photo: no known signature"]
    trained = headstart("train", out, "--method", "fixed", "--image-size", "96", "--out", tmp_path / "run")
    assert trained.returncode == 0, trained.stderr
    assert "0 photos extracted, 6 read from the cache" in trained.stderr


@pytest.mark.parametrize("options", [["--dtype", "float64"], []])
def test_a_wrong_command_line_has_status_2(headstart, tmp_path, options):
    ended = headstart("embed", tmp_path, *options)
    assert ended.returncode == 2
    assert "Usage" in ended.stderr


def test_an_error_is_one_line(headstart, tmp_path):
    ended = headstart("embed", tmp_path / "none", "--out", tmp_path / "out")
    assert ended.returncode == 1
    assert ended.stderr == (
        f"headstart: Cannot scan '{tmp_path}/none': got a path that does not exist, need a folder of photos, a table "
        "(CSV or Parquet) or tar shards. Check the path.\n"
    )
