"""Features in Parquet: read and write one part, the file of one block. A part is complete or absent."""

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
SUMMARY = b"headstart"  # key of the summary in the metadata of a part's schema
LIST_PATH = f"{COLUMN}.list.element"  # Parquet's name for the numbers in a list


@dataclass(frozen=True)
class PartSummary:
    """Contents of a part, besides its rows.

    Attributes
    ----------
    n_photos
        Number of photos with features.
    skipped
        Files that are not photos: paths and reasons.
    broken
        Photos that cannot be decoded: with their digests, and reasons.
    is_final
        Whether every file that exists could be read. If not, the next run computes the part again.
    """

    n_photos: int
    skipped: tuple[tuple[str, str], ...] = ()
    broken: tuple[tuple[ListedPhoto, str], ...] = ()
    is_final: bool = True

    @property
    def n_files(self) -> int:
        """Number of files in the block: with features, skipped or broken."""
        return self.n_photos + len(self.skipped) + len(self.broken)

    def to_record(self) -> dict[str, Any]:
        """Return the summary in plain JSON types."""
        broken = [[photo.list_fields(), reason] for photo, reason in self.broken]
        return {"n_photos": self.n_photos, "skipped": self.skipped, "broken": broken, "is_final": self.is_final}

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> PartSummary:
        """Return the summary from its record."""
        broken = tuple((ListedPhoto.from_fields(fields), reason) for fields, reason in record["broken"])
        skipped = tuple((path, reason) for path, reason in record["skipped"])
        return PartSummary(record["n_photos"], skipped, broken, record["is_final"])


@dataclass(frozen=True)
class PartRow:
    """One row of a part, without its features: a photo, the SHA-256 of its bytes, and a view of it."""

    listed: ListedPhoto
    digest: str
    view: str


def make_schema(n_features: int, dtype: str, summary: Mapping[str, Any]) -> pa.Schema:
    """Return the schema of a part; ``features`` is a list of D float16 or float32 numbers."""
    import pyarrow as pa

    text = pa.string()
    numbers = pa.list_(pa.field("element", pa.float16() if dtype == "float16" else pa.float32()), n_features)
    return pa.schema(
        [("path", text), ("label", text), ("split", text), ("group", text), ("weight", pa.float64()), ("hash", text),
         ("view", text), (COLUMN, numbers)],
        metadata={SUMMARY: json.dumps(summary).encode()},
    )  # fmt: skip


def write_part(
    path: Path,
    photos: Sequence[PartRow],
    features: npt.NDArray[Any],
    *,
    skipped: Sequence[tuple[str, str]] = (),
    broken: Sequence[tuple[ListedPhoto, str]] = (),
    is_final: bool = True,
) -> PartSummary:
    """Write a part and return its summary; ``features``: (N, D) float16 or float32, a row for each of ``photos``."""
    import pyarrow as pa
    from pyarrow import parquet

    summary = PartSummary(len({photo.listed.file for photo in photos}), tuple(skipped), tuple(broken), is_final)
    schema = make_schema(features.shape[1], features.dtype.name, summary.to_record())
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
        # features hardly ever repeat: compressing them would cost time and save nothing
        parquet.write_table(
            table, file, compression=dict.fromkeys(texts, "zstd") | {LIST_PATH: "none"}, use_dictionary=texts,
            write_statistics=texts,
        )  # fmt: skip
    return summary


def read_summary(path: Path) -> PartSummary | None:
    """Return the summary of a part, or None if the file is missing, incomplete or not a part."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with open_for_reading(path) as file:
            record = json.loads((parquet.read_schema(file).metadata or {})[SUMMARY])
        return PartSummary.from_record(record)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return None


def read_features(path: Path) -> npt.NDArray[Any]:
    """Return the features of a part, (N, D): a row per photo and view, in the order and type of the file."""
    from pyarrow import parquet

    with open_for_reading(path) as file, parquet.ParquetFile(file) as table:
        column = table.read([COLUMN], use_threads=False)[COLUMN]
        n_features = column.type.list_size
        chunks = [np.asarray(chunk.flatten()).reshape(-1, n_features) for chunk in column.chunks]
        return chunks[0] if len(chunks) == 1 else np.concatenate(chunks or [np.zeros((0, n_features), np.float32)])


def walk_keys(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the digest and the view of each row of a part."""
    from headstart.catalog.parquet_file import read_batches

    for batch in read_batches(path, ["hash", "view"], needed=["hash", "view"]):
        yield from zip(batch["hash"].to_pylist(), batch["view"].to_pylist(), strict=True)
