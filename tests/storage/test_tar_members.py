"""No claim of a header reads beyond the file, and no damage is passed over."""

import io
import tarfile

import pytest

from headstart.storage.tar_members import open_tar, walk_members

END = bytes(1024)


def make_header(name="1.jpg", size=0, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def walk(data):
    with open_tar(io.BytesIO(data)) as archive:
        return [(member.name, archive.extractfile(member).read()) for member in walk_members(archive)]


GOOD = make_header("0.jpg", 3) + b"one".ljust(512, b"\0")


def test_members_are_read_and_the_end_may_be_missing():
    assert walk(GOOD + END) == walk(GOOD) == [("0.jpg", b"one")]
    assert walk(END) == []


@pytest.mark.parametrize("size", [1 << 40, 1 << 62, 513, -512, -(1 << 40)])
def test_a_claimed_size_is_compared_with_the_file(size):
    with pytest.raises(tarfile.TarError, match=r"'1.jpg' claims [-\d,]+ bytes, and 512 are left"):
        walk(GOOD + make_header(size=size) + bytes(512))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
@pytest.mark.parametrize("size", [1 << 40, 1 << 62, -512])
def test_a_header_of_any_claimed_size_is_an_error(kind, size):
    with pytest.raises(tarfile.TarError, match=r"."):
        walk(GOOD + make_header(size=size, kind=kind))


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_chain_of_headers_is_an_error(kind):
    record = b"10 a=bcde\n" if kind == tarfile.XHDTYPE else b"name\0"
    link = make_header(size=len(record), kind=kind) + record.ljust(512, b"\0")
    with pytest.raises(tarfile.TarError, match="too many headers for one member"):
        walk(link * 5000 + GOOD + END)


@pytest.mark.parametrize("version", ["1.0", "0.1"])
def test_damaged_maps_of_sparse_files_are_an_error(version):
    major, minor = version.split(".")
    pax = {"GNU.sparse.major": major, "GNU.sparse.minor": minor, "GNU.sparse.map": "x,y", "GNU.sparse.realsize": "z"}
    info = tarfile.TarInfo("s.jpg")
    info.pax_headers, info.size = pax, 512
    with pytest.raises(tarfile.TarError, match="a header is damaged"):
        walk(info.tobuf(tarfile.PAX_FORMAT) + b"x" * 512 + END)


def test_a_damaged_header_in_the_middle_is_an_error():
    damaged = bytearray(make_header("2.jpg"))
    damaged[0] ^= 1
    with pytest.raises(tarfile.TarError, match=r"the header at byte 1,024 is damaged"):
        walk(GOOD + bytes(damaged) + GOOD + END)


@pytest.mark.parametrize("n_bytes", [100, 512, 600])
def test_a_cut_file_is_an_error(n_bytes):
    with pytest.raises(tarfile.TarError, match=r"truncated|claims|empty|unexpected end"):
        walk(GOOD[:n_bytes])
