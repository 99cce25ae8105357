"""Features in Parquet: a folder of parts, each whole or not there, and a manifest that says when all of them are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from headstart.catalog.source_listing import ListedPhoto
from headstart.storage.remote_paths import open_for_reading, open_for_writing

if TYPE_CHECKING:
    import pyarrow as pa

COLUMN = "features"
NOTE = b"headstart"  # the key of what a part says of itself, in its schema's metadata
LIST_PATH = f"{COLUMN}.list.element"  # as Parquet calls the numbers of a list


@dataclass(frozen=True)
class PartNote:
    """What a part says of itself.

    Attributes
    ----------
    n_photos
        With features.
    skipped
        Paths and reasons of files that are no photos.
    broken
        Photos that cannot be decoded, with their digests, and why.
    is_final
        Whether every file could be read, as far as it is there; otherwise the part is made again next time.
    """

    n_photos: int
    skipped: tuple[tuple[str, str], ...] = ()
    broken: tuple[tuple[ListedPhoto, str], ...] = ()
    is_final: bool = True

    @property
    def n_done(self) -> int:
        """The number of files, whatever came of them."""
        return self.n_photos + len(self.skipped) + len(self.broken)

    def to_record(self) -> dict[str, Any]:
        """Return it in plain JSON types."""
        broken = [[photo.list_fields(), reason] for photo, reason in self.broken]
        return {"n_photos": self.n_photos, "skipped": self.skipped, "broken": broken, "is_final": self.is_final}

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> PartNote:
        """Return the note that `to_record` made a record of."""
        broken = tuple((ListedPhoto(*fields), reason) for fields, reason in record["broken"])
        skipped = tuple((path, reason) for path, reason in record["skipped"])
        return PartNote(record["n_photos"], skipped, broken, record["is_final"])


@dataclass(frozen=True)
class EmbeddedPhoto:
    """A photo, the digest of its bytes, and the view that its features are of."""

    listed: ListedPhoto
    digest: str
    view: str


def make_schema(n_features: int, dtype: str, note: Mapping[str, Any]) -> pa.Schema:
    """Return the columns of a part: ``features`` is a list of so many float16 or float32 numbers."""
    import pyarrow as pa

    text = pa.string()
    numbers = pa.list_(pa.field("element", pa.float16() if dtype == "float16" else pa.float32()), n_features)
    return pa.schema(
        [("path", text), ("label", text), ("split", text), ("group", text), ("weight", pa.float64()), ("hash", text),
         ("view", text), (COLUMN, numbers)],
        metadata={NOTE: json.dumps(note).encode()},
    )  # fmt: skip


def write_part(
    path: Path,
    photos: Sequence[EmbeddedPhoto],
    features: npt.NDArray[Any],
    skipped: Sequence[tuple[str, str]] = (),
    broken: Sequence[tuple[ListedPhoto, str]] = (),
    *,
    is_final: bool = True,
) -> PartNote:
    """Write a part; it is whole or not there.

    Parameters
    ----------
    features
        (N, D) float16 or float32, a row for each of ``photos``.
    """
    import pyarrow as pa
    from pyarrow import parquet

    note = PartNote(len({photo.listed.file for photo in photos}), tuple(skipped), tuple(broken), is_final)
    schema = make_schema(features.shape[1], features.dtype.name, note.to_record())
    numbers = pa.array(np.ascontiguousarray(features).reshape(-1))
    rows = [photo.listed for photo in photos]
    columns = [
        *([getattr(row, name) for row in rows] for name in ("file", "label", "split", "group", "weight")),
        [photo.digest for photo in photos],
        [photo.view for photo in photos],
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=False)]
    arrays.append(pa.FixedSizeListArray.from_arrays(numbers, type=schema.field(COLUMN).type))
    table = pa.Table.from_arrays(arrays, schema=schema)
    texts = [name for name in schema.names if name != COLUMN]
    with open_for_writing(path) as file:
        # numbers of features hardly ever repeat: packing them would cost time and win nothing
        parquet.write_table(
            table, file, compression=dict.fromkeys(texts, "zstd") | {LIST_PATH: "none"}, use_dictionary=texts,
            write_statistics=texts,
        )  # fmt: skip
    return note


def read_note(path: Path) -> PartNote | None:
    """Return what a part says of itself, or None if it is none that is whole."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with open_for_reading(path) as file:
            record = json.loads((parquet.read_schema(file).metadata or {})[NOTE])
        return PartNote.from_record(record)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return None


def read_features(path: Path) -> npt.NDArray[Any]:
    """Return the (N, D) features of a part, as they were written."""
    from pyarrow import parquet

    with open_for_reading(path) as file, parquet.ParquetFile(file) as table:
        return to_matrix(table.read([COLUMN], use_threads=False)[COLUMN])


def to_matrix(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a column of lists of equal length as a matrix."""
    n_features = column.type.list_size
    chunks = [np.asarray(chunk.flatten()).reshape(-1, n_features) for chunk in column.chunks]
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks or [np.zeros((0, n_features), np.float32)])


def walk_keys(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the digest and the view of each row of a part."""
    from headstart.catalog.parquet_file import read_batches

    for batch in read_batches(path, ["hash", "view"], needed=["hash", "view"]):
        yield from zip(batch["hash"].to_pylist(), batch["view"].to_pylist(), strict=True)
