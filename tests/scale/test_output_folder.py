"""A folder is claimed before the work and settled after it; what is whole or of others is left alone."""

from dataclasses import replace

import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.manifest import Manifest, read_manifest
from headstart.errors import ScaleError
from headstart.features.block_embedding import plan_embedding
from headstart.scale.output_folder import claim_folder, is_claimed, release_folder, settle_folder


@pytest.fixture(scope="module")
def embedding():
    return plan_embedding(load_backbone(), 96, "f32")


def settle(out, embedding, *parts):
    manifest = claim_folder("pets", out, embedding, overwrite=False)
    for part in parts:
        (out / part).touch()
    whole = replace(manifest, is_complete=True, parts=parts)
    settle_folder(out, whole)
    return whole


def test_a_claim_is_seen_by_its_token_until_it_is_released(tmp_path, embedding):
    manifest = claim_folder("pets", tmp_path / "out", embedding, overwrite=False)
    assert is_claimed(tmp_path / "out", manifest.token)
    assert not is_claimed(tmp_path / "out", "another")
    assert not read_manifest(tmp_path / "out").is_complete
    release_folder(tmp_path / "out", manifest)
    assert not is_claimed(tmp_path / "out", manifest.token)


def test_what_is_whole_stays_so_while_it_is_claimed_again(tmp_path, embedding):
    whole = settle(tmp_path / "out", embedding, "part-1")
    claim_folder("pets", tmp_path / "out", embedding, overwrite=False)
    assert read_manifest(tmp_path / "out") == whole


def test_settling_deletes_what_is_ours_and_no_part(tmp_path, embedding):
    settle(tmp_path, embedding, "part-1")
    for name in ("part-2", "_try-x-0-0", "_here-x", ".part-3.partial-x", "mine"):
        (tmp_path / name).touch()
    settle(tmp_path, embedding, "part-1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_headstart.json", "mine", "part-1"]


def test_a_part_that_is_gone_is_no_whole(tmp_path, embedding):
    manifest = claim_folder("pets", tmp_path, embedding, overwrite=False)
    with pytest.raises(ScaleError, match="another command has written other features"):
        settle_folder(tmp_path, replace(manifest, parts=("part-1",)))


def test_a_folder_of_folders_or_of_others_is_refused(tmp_path, embedding):
    (tmp_path / "full" / "photos").mkdir(parents=True)
    with pytest.raises(ScaleError, match="a folder with other things in it"):
        claim_folder("pets", tmp_path / "full", embedding, overwrite=True)
    settle(tmp_path / "out", embedding, "part-1")
    with pytest.raises(ScaleError, match="of another source"):
        claim_folder("birds", tmp_path / "out", embedding, overwrite=False)
    claim_folder("birds", tmp_path / "out", embedding, overwrite=True)
    assert read_manifest(tmp_path / "out").source == "birds"


def test_a_folder_without_parts_is_anybodys(tmp_path, embedding):
    Manifest({}, "birds").write(tmp_path)
    assert claim_folder("pets", tmp_path, embedding, overwrite=False).source == "pets"
    assert read_manifest(tmp_path).source == "pets"
