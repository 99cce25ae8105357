"""``headstart cache``."""

from __future__ import annotations

import click

from headstart.cli.options import json_option
from headstart.cli.speech import print_json, print_line


@click.command(short_help="Show or clear the cache.")
@click.option("--clear", is_flag=True, help="Empty it.")
@json_option()
def cache(clear: bool, as_json: bool) -> None:
    """Show where the cache of features and compiled networks is and how large, or clear it."""
    from headstart.catalog.known_files import forget_files, measure_known_files
    from headstart.features.cache import FeatureCache
    from headstart.shelf import clear_shelf, measure_shelf

    with FeatureCache() as store:
        n_freed = 0
        if clear:
            n_freed = store.clear() + measure_shelf() + measure_known_files()
            clear_shelf()
            forget_files()
        path, n_features, n_bytes = (
            str(store.path),
            store.count(),
            store.measure_bytes() + measure_shelf() + measure_known_files(),
        )
    if as_json:
        print_json({"path": path, "n_features": n_features, "n_bytes": n_bytes, "n_bytes_freed": n_freed})
        return
    if clear:
        print_line(f"Freed {n_freed / 1e6:,.1f} MB.")
    print_line(f"{path}: features of {n_features:,} photos, {n_bytes / 1e6:,.1f} MB.")
