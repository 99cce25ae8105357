"""Pictures in tables are read by their paths."""

import os
import signal
import threading
import time

import pytest

from headstart.errors import UnreadableError
from headstart.pixels.photo_bytes import read_bytes
from headstart.storage import picture_tables
from headstart.storage.picture_tables import list_names, name_row, read_row, read_schema, split_row
from headstart.storage.remote_paths import make_path

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "a.parquet", [f"picture {n}".encode() for n in range(10)])


def write(path, contents):
    records = [{"bytes": data, "path": f"{n}.jpg"} for n, data in enumerate(contents)]
    parquet.write_table(
        pa.table({"image": records, "plain": contents, "x": [[1]] * len(contents)}), path, row_group_size=3
    )
    return path


def test_a_path_names_table_column_and_row(table, tmp_path):
    path = make_path(name_row(table, "image", 7, "C:\\cats\\a b\u00e9.jpg"))
    assert path == table / "image" / "000000007_a_b_.jpg"
    assert split_row(path) == (table, "image", 7)
    assert split_row(table / "image" / "000000007") == (table, "image", 7)
    assert split_row(make_path("s3://bucket/a.parquet/image/000000007")) == (
        make_path("s3://bucket/a.parquet"),
        "image",
        7,
    )
    for other in (table / "000000007", table / "image" / "7.jpg", tmp_path / "image" / "000000007", tmp_path / "1.jpg"):
        assert split_row(other) is None


@pytest.mark.parametrize("column", ["image", "plain"])
def test_rows_are_read_in_any_order(table, column):
    assert [read_row(table, column, row, 100) for row in (9, 0, 4, 3)] == [
        f"picture {n}".encode() for n in (9, 0, 4, 3)
    ]
    assert read_row(table, column, 5, 3) == b"pict"
    with pytest.raises(FileNotFoundError, match="does not exist in the table"):
        read_row(table, column, 10, 100)


def test_errors_are_sentences(table):
    with pytest.raises(UnreadableError, match="does not exist"):
        read_bytes(table / "image" / "000000099")
    for column in ("none", "x"):
        with pytest.raises(UnreadableError, match="does not exist"):
            read_bytes(table / column / "000000001")
    table.write_bytes(b"no table")
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_bytes(table / "image" / "000000001")


def test_only_one_row_group_is_read_for_its_rows(table, monkeypatch):
    read = []
    whole = parquet.ParquetFile.iter_batches
    monkeypatch.setattr(
        parquet.ParquetFile,
        "iter_batches",
        lambda self, n, row_groups, **rest: read.extend(row_groups) or whole(self, n, row_groups=row_groups, **rest),
    )
    picture_tables._read_piece.cache_clear()
    threads = [threading.Thread(target=read_row, args=(table, "image", row, 100)) for row in (3, 4, 5, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read) == [1, 2]
    assert picture_tables._read_piece.cache_info().maxsize == picture_tables.N_PIECES


@pytest.mark.parametrize("column", ["image", "plain"])
@pytest.mark.parametrize("n_bytes", [1, 150, 1000])
def test_a_large_row_group_is_read_in_pieces(tmp_path, monkeypatch, column, n_bytes):
    monkeypatch.setattr(picture_tables, "PIECE_BYTES", n_bytes)
    table = tmp_path / "a.parquet"
    contents = [f"picture {n}".encode() for n in range(50)]
    records = [{"bytes": data, "path": None} for data in contents]
    parquet.write_table(pa.table({"image": records, "plain": contents}), table, row_group_size=20)
    for row in (0, 19, 20, 33, 49, 7):
        assert read_row(table, column, row, 100) == contents[row]
    pieces, n_rows = picture_tables._list_pieces(table, picture_tables._stamp(table))
    assert n_rows == 50
    assert max(piece.n_rows for piece in pieces) <= (1 if n_bytes == 1 else 20)


def test_a_changed_table_is_read_again(table):
    assert read_row(table, "image", 1, 100) == b"picture 1"
    write(table, [b"other"] * 20)
    assert read_row(table, "image", 1, 100) == b"other"


def test_columns_are_described(table):
    schema = read_schema(table)
    assert (schema.names, schema.records, schema.binaries, schema.lists) == (
        ("image", "plain", "x"), frozenset({"image"}), frozenset({"plain"}), frozenset({"x"}),
    )  # fmt: skip
    assert list(list_names(table, "image", has_names=True))[:2] == ["0.jpg", "1.jpg"]
    assert list(list_names(table, "plain", has_names=False)) == [None] * 10


@pytest.mark.parametrize("text", [b"[" * 100_000, b"no json", b"{}", b'{"info": {"features": [1]}}', b'{"info": 3}'])
def test_damaged_metadata_have_no_class_names(tmp_path, text):
    schema = pa.table({"a": [1]}).replace_schema_metadata({b"huggingface": text})
    parquet.write_table(schema, tmp_path / "a.parquet")
    assert read_schema(tmp_path / "a.parquet").class_names == {}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_that_is_forked_while_a_thread_reads_can_read():
    reads = threading.Event()

    def read():
        with picture_tables._lock:
            reads.set()
            time.sleep(0.5)

    thread = threading.Thread(target=read)
    thread.start()
    reads.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        os._exit(0 if picture_tables._lock.acquire(timeout=5) else 3)
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
