"""Embedding on Ray gives the features of one machine, each photo once, also if workers or machines are killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from headstart.catalog.manifest import Manifest
from headstart.catalog.photo import Skip
from headstart.errors import CatalogError, ScaleError
from headstart.scale.cluster import Cluster
from headstart.scale.embedding_actors import EmbeddingActor, _check_machine, _pack_error, _unpack
from headstart.training.embed import embed_photos

pytest.importorskip("ray")
OPTIONS = {"image_size": 96, "precision": "f32", "verbose": False}
N_PER_CLASS = 900  # about eight blocks
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def many_photos(paint_folder, tmp_path_factory):
    """1,800 photos of two classes, one of them broken. They show few pictures, but no two files are equal."""
    folder = paint_folder(tmp_path_factory.mktemp("many") / "photos", n=4)
    for path in sorted(folder.glob("*/*.jpg")):
        data = path.read_bytes()
        for number in range(1, N_PER_CLASS // 4):
            path.with_name(f"{path.stem}-{number:03}.jpg").write_bytes(data + str(number).encode())
    (folder / "dots" / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    return folder


@pytest.fixture(scope="module")
def plain(many_photos, tmp_path_factory):
    """The photos embedded without Ray."""
    return embed_photos(many_photos, tmp_path_factory.mktemp("plain") / "out", **OPTIONS)


def check_same(out: Path, plain) -> None:
    mine, theirs = pd.read_parquet(out), pd.read_parquet(plain.folder)
    assert mine.drop(columns="features").equals(theirs.drop(columns="features"))
    assert mine["path"].is_unique
    X, expected = (np.stack(table["features"].to_list()) for table in (mine, theirs))
    assert np.abs(X - expected).max() < 1e-5


def wait_for_parts(out: Path, n: int = 2) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while len(list(out.glob("part-*"))) < n:
        assert time.monotonic() < deadline, f"{out} has no {n} parts yet"
        time.sleep(0.02)


@pytest.mark.slow
def test_features_skipped_files_and_order_are_those_of_one_machine(own_ray, many_photos, plain, tmp_path):
    written = embed_photos(many_photos, tmp_path / "out", ray="local", **OPTIONS)
    check_same(tmp_path / "out", plain)
    assert written.skipped == plain.skipped
    assert [skip.path.name for skip in written.skipped] == ["broken.jpg"]
    again = embed_photos(many_photos, tmp_path / "out", ray="local", **OPTIONS)
    assert (again.n_photos, again.n_new) == (2 * N_PER_CLASS, 0)


@pytest.mark.slow
def test_only_the_block_of_a_killed_worker_is_computed_again(own_ray, many_photos, plain, tmp_path):
    killed = []

    def kill():
        wait_for_parts(tmp_path / "out")
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):  # another process may have ended
                if "MapWorker" in " ".join(process.cmdline()):
                    process.kill()
                    killed.append(process.pid)

    killer = threading.Thread(target=kill)
    killer.start()
    embed_photos(many_photos, tmp_path / "out", ray="local", **OPTIONS)
    killer.join()
    assert killed
    check_same(tmp_path / "out", plain)


KILL_A_NODE = """
import sys, threading, time
from pathlib import Path
from ray.cluster_utils import Cluster
from headstart.training.embed import embed_photos

def main():
    photos, out = sys.argv[1:]
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    other = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()

    def kill():
        while len(list(Path(out).glob("part-*"))) < 3:
            time.sleep(0.02)
        cluster.remove_node(other, allow_graceful=False)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    embed_photos(photos, out, ray=cluster.address, image_size=96, precision="f32", verbose=False)
    killer.join()
    cluster.shutdown()

main()
"""


@pytest.mark.slow
def test_other_machines_take_the_blocks_of_a_killed_machine(many_photos, plain, tmp_path):
    command = [sys.executable, "-c", KILL_A_NODE, str(many_photos), str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    check_same(tmp_path / "out", plain)


@pytest.mark.slow
def test_the_same_command_continues_after_it_was_killed(headstart, many_photos, plain, tmp_path):
    out = tmp_path / "out"
    options = ["--out", out, "--ray", "local", "--image-size", "96", "--precision", "f32", "--json"]
    command = [sys.executable, "-m", "headstart", "embed", many_photos, *options]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for_parts(out)
        os.kill(process.pid, signal.SIGKILL)
    n_kept = len(list(out.glob("part-*")))
    assert n_kept < 8
    ended = headstart("embed", many_photos, *options)
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["n_photos"] == 2 * N_PER_CLASS
    assert 0 < answer["n_new"] < 2 * N_PER_CLASS
    check_same(out, plain)


@pytest.mark.slow
def test_errors_of_workers_and_of_the_listing_reach_the_user_unchanged(own_ray, make_folder, tmp_path):
    with pytest.raises(CatalogError, match="got 1 class folder"):
        embed_photos(make_folder(labels=("dots",), n=1), tmp_path / "out", ray="local", **OPTIONS)
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "train.tar").write_bytes(b"no tar file" * 100)
    with pytest.raises(CatalogError, match="no tar file, or damaged"):
        embed_photos(tmp_path / "shards", tmp_path / "out2", ray="local", **OPTIONS)


def test_a_machine_with_other_versions_or_another_folder_is_refused(tmp_path):
    from headstart.backbone.backbone import BackboneSetup
    from headstart.backbone.loading import load_backbone
    from headstart.features.block_embedding import make_embedding_settings
    from headstart.version import __version__

    settings = make_embedding_settings(BackboneSetup(load_backbone(), 96, "f32"))
    with pytest.raises(ScaleError, match=r"got Headstart .* there, need 0.0.0"):
        _check_machine(settings, tmp_path, "token", "0.0.0")
    for name in ("", "_here-other"):
        if name:
            (tmp_path / name).touch()
        with pytest.raises(ScaleError, match=r"does not see .* Give an --out that all machines share"):
            _check_machine(settings, tmp_path, "token", __version__)
    (tmp_path / "_here-token").touch()
    _check_machine(settings, tmp_path, "token", __version__)
    object.__setattr__(settings.spec, "decoder", "another decoder")
    with pytest.raises(ScaleError, match=r"other versions of the decoder and the engine"):
        _check_machine(settings, tmp_path, "token", __version__)


def test_a_block_in_which_workers_die_three_times_is_given_up(make_folder, tmp_path):
    from headstart.backbone.backbone import BackboneSetup
    from headstart.backbone.loading import load_backbone
    from headstart.features.block_embedding import BlockEmbedder, make_embedding_settings
    from headstart.features.photo_blocks import list_blocks
    from headstart.version import __version__

    block = next(list_blocks(make_folder(n=2)))
    actor = EmbeddingActor([], str(tmp_path / "out"), "token", 1, __version__)
    actor.__dict__["_settings"] = None
    actor.__dict__["_embedder"] = BlockEmbedder(
        make_embedding_settings(BackboneSetup(load_backbone(), 96, "f32")), tmp_path / "out"
    )
    row = {"block": b"b" + block.to_bytes()}
    for n in range(2):
        (tmp_path / "out" / f"_try-token-0-{n}").parent.mkdir(exist_ok=True)
        (tmp_path / "out" / f"_try-token-0-{n}").touch()  # as a killed actor leaves it
    assert _unpack(actor(row)["answer"]).summary.n_photos == 4
    assert [path.name[:5] for path in (tmp_path / "out").iterdir()] == ["part-"]
    for n in range(3):
        (tmp_path / "out" / f"_try-token-0-{n}").touch()
    with pytest.raises(ScaleError, match=r"000.jpg' to '.*001.jpg': workers died 3 times in these 4 files"):
        _unpack(actor(row)["answer"])


def test_an_error_keeps_its_class_message_and_path_on_its_way():
    with pytest.raises(CatalogError, match=r"^no photos$") as caught:
        _unpack(_pack_error(CatalogError("no photos", path=Path("a"))))
    assert (caught.value.path, caught.value.label) == ("a", None)


def test_the_facts_about_a_source_keep_its_skipped_files():
    manifest = Manifest({}, "", skipped=(Skip(Path("a"), "b"),))
    assert _unpack(b"r" + manifest.to_bytes()) == manifest


def test_the_workers_fit_on_the_cluster(own_ray):
    from headstart.scale.cluster import measure_cluster

    cluster = measure_cluster()
    assert isinstance(cluster, Cluster)
    assert cluster.n_workers * cluster.cpus_per_worker <= own_ray.cluster_resources()["CPU"]
    assert cluster.n_machines == 1
