"""``headstart cache``."""

from __future__ import annotations

import click

from headstart.cli.options import json_option
from headstart.cli.speech import print_json, print_line


@click.command(short_help="Show or clear the cache.")
@click.option("--clear", is_flag=True, help="Empty it.")
@json_option()
def cache(clear: bool, as_json: bool) -> None:
    """Show where the cache of features, activations and compiled networks is and how large, or clear it."""
    from headstart.catalog.known_files import forget_files, measure_known_files
    from headstart.features.activations import clear_activations, measure_activations
    from headstart.features.cache import FeatureCache
    from headstart.shelf import clear_shelf, measure_shelf

    with FeatureCache() as store:
        n_freed = 0
        if clear:
            n_freed = store.clear() + measure_shelf() + measure_known_files() + measure_activations()
            clear_shelf()
            forget_files()
            clear_activations()
        path, n_features = str(store.path), store.count()
        n_bytes = store.measure_bytes() + measure_shelf() + measure_known_files() + measure_activations()
    if as_json:
        print_json({"path": path, "n_features": n_features, "n_bytes": n_bytes, "n_bytes_freed": n_freed})
        return
    if clear:
        print_line(f"Freed {n_freed / 1e6:,.1f} MB.")
    print_line(f"{path}: features of {n_features:,} photos, {n_bytes / 1e6:,.1f} MB.")
