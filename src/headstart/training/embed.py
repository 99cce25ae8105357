"""The front door's ``embed``: the features of photos as Parquet, computed in this process or on a Ray cluster."""

from __future__ import annotations

from pathlib import Path

from headstart.backbone.loading import open_setup
from headstart.backbone.names import Sizes
from headstart.catalog.catalog import Catalog
from headstart.catalog.source import PhotoSource, find_source, refuse_reading, refuse_several
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import ScaleError
from headstart.features.block_embedding import DTYPES, make_embedding_settings
from headstart.features.folder_embedding import EmbeddedFolder, embed_into_folder
from headstart.storage.remote_paths import check_pyarrow, expand_path


def embed_photos(
    source: Catalog | PhotoSource, out: str | Path, *, ray: str | None = None, backbone: str = "mobilenet_v2",
    image_size: Sizes = None, depth: int = 16, precision: str = "auto", dtype: str = "float32",
    layout: str = "auto", overwrite: bool = False, path_column: str | None = None, label_column: str | None = None,
    group_column: str | None = None, verbose: bool = True,
) -> EmbeddedFolder:  # fmt: skip
    """Compute the features of labelled photos into a folder of Parquet files.

    Every photo is read once: hashed, decoded and inferred. If a run was stopped or killed, the same call continues it:
    finished blocks are kept.

    Parameters
    ----------
    source
        Source of the photos, as for `scan_photos`.
    out
        Output folder; may be a URI such as ``s3://bucket/features.parquet``.
    ray
        Where to compute. None: in this process. ``local``: on a Ray of its own on this machine. Otherwise the address
        of a Ray cluster; all its machines must see the photos and ``out``.
    backbone, image_size, depth, precision
        As in `Settings`.
    dtype
        Type of the features in the files: ``float32``, or ``float16``, which takes half the space.
    layout
        Which folders are the classes; see `scan_photos`.
    overwrite
        Replace features of other photos or settings in the folder.
    path_column, label_column, group_column
        Names of a table's columns. None: they are found by their names.

    Raises
    ------
    HeadstartError
        If the photos, the folder or the cluster cannot be used.
    """
    if dtype not in DTYPES:
        raise ScaleError(f"Cannot embed as {dtype!r}: need one of {', '.join(DTYPES)}.")
    check_pyarrow("write Parquet")
    setup = open_setup(backbone, image_size, precision=precision, depth=depth)
    settings = make_embedding_settings(setup, dtype=dtype)
    columns = ColumnNames(path_column, label_column, group_column)
    if isinstance(source, Catalog):
        refuse_reading(layout, columns)
    found = source if isinstance(source, Catalog) else find_source(source, columns, layout=layout)
    if not isinstance(found, Catalog):
        refuse_several(found, "embed")
    if ray is None:
        return embed_into_folder(found, expand_path(out), settings, overwrite=overwrite, verbose=verbose)
    from headstart.scale.cluster import connect
    from headstart.scale.cluster_features import embed_on_cluster

    with connect(ray, verbose=verbose) as cluster:
        return embed_on_cluster(found, expand_path(out), settings, cluster, overwrite=overwrite, verbose=verbose)
