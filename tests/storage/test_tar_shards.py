"""Photos in tar shards are read by their paths."""

import io
import tarfile

import pytest

from headstart.storage.remote_paths import make_path
from headstart.storage.tar_shards import is_shard, read_member, split_shard, walk_shard


def test_members_are_walked_in_order_and_read_by_name(tmp_path, write_shard):
    shard = write_shard(tmp_path / "a.tar", {"./b/2.jpg": b"two", "b/1.jpg": b"one"})
    assert [(member.name, member.size, member.content.read()) for member in walk_shard(shard)] == [
        ("b/2.jpg", 3, b"two"), ("b/1.jpg", 3, b"one"),
    ]  # fmt: skip
    assert read_member(shard, "b/1.jpg", 100) == b"one"
    assert read_member(shard, "b/2.jpg", 1) == b"tw"
    with pytest.raises(FileNotFoundError, match="does not exist in the shard"):
        read_member(shard, "b/3.jpg", 100)


def test_a_changed_shard_is_indexed_again(tmp_path, write_shard):
    shard = write_shard(tmp_path / "a.tar", {"1.jpg": b"one"})
    assert read_member(shard, "1.jpg", 100) == b"one"
    write_shard(shard, {"0.jpg": b"zero" * 1000, "1.jpg": b"other"})
    assert read_member(shard, "1.jpg", 100) == b"other"


def test_links_are_not_followed(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("1.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    (member,) = walk_shard(tmp_path / "a.tar")
    assert (member.content, member.problem) == (None, "a link or a device in the shard, which is not followed")
    with pytest.raises(FileNotFoundError, match="does not exist in the shard"):
        read_member(tmp_path / "a.tar", "1.jpg", 100)


def test_unsafe_and_repeated_names_are_not_read(tmp_path, write_shard):
    names = ["/etc/evil.jpg", "../evil.jpg", "a/../../evil.jpg", "C:/evil.jpg", "a//b.jpg", "./a/b.jpg"]
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for number, name in enumerate(names):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(str(number).encode()))
    found = [(member.name, member.problem) for member in walk_shard(tmp_path / "a.tar")]
    assert all(problem == "its name leads out of the shard" and "/" not in name for name, problem in found[:4])
    assert found[4:] == [("a/b.jpg", ""), ("a/b.jpg", "a second file of the same name in the shard")]
    assert read_member(tmp_path / "a.tar", "a/b.jpg", 9) == b"4"


def test_reading_a_damaged_shard_is_an_error(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"no tar file" * 100)
    with pytest.raises(OSError, match="the shard is damaged"):
        read_member(tmp_path / "a.tar", "1.jpg", 100)
    with pytest.raises(tarfile.TarError, match=r"opened|invalid"):
        list(walk_shard(tmp_path / "a.tar"))


def test_a_folder_named_like_a_shard_is_not_a_shard(tmp_path):
    (tmp_path / "a.tar").mkdir()
    assert split_shard(tmp_path / "a.tar" / "1.jpg") is None
    assert not is_shard(tmp_path / "a.tar")


def test_shards_in_a_store_are_read_in_the_store(tmp_path, make_bucket, write_shard):
    write_shard(tmp_path / "a.tar", {"1.jpg": b"one", "2.jpg": b"two"})
    shard = make_path(make_bucket(tmp_path)) / "a.tar"
    assert is_shard(shard)
    assert split_shard(shard / "x" / "1.jpg") == (shard, "x/1.jpg")
    assert read_member(shard, "2.jpg", 100) == b"two"
    assert [member.name for member in walk_shard(shard)] == ["1.jpg", "2.jpg"]
