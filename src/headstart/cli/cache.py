"""``headstart cache``."""

from __future__ import annotations

import click

from headstart.cli.options import json_option
from headstart.cli.printing import print_json, print_line


@click.command(short_help="Show or clear the cache.")
@click.option("--clear", is_flag=True, help="Delete everything in the cache.")
@json_option()
def cache(clear: bool, as_json: bool) -> None:
    """Show path and size of the cache of features, activations, checkpoints and networks, or clear it."""
    from headstart.features.activation_files import clear_activations, measure_activations
    from headstart.features.feature_cache import FeatureCache
    from headstart.features.stored_features import clear_stored_features, measure_stored_features
    from headstart.storage.digest_cache import clear_digest_cache, measure_digest_cache
    from headstart.storage.result_cache import clear_results, measure_results
    from headstart.tune.checkpoint import clear_checkpoints, measure_checkpoints

    with FeatureCache() as store:
        parts = [
            (store.measure_bytes, store.clear), (measure_results, clear_results),
            (measure_digest_cache, clear_digest_cache), (measure_activations, clear_activations),
            (measure_checkpoints, clear_checkpoints), (measure_stored_features, clear_stored_features),
        ]  # fmt: skip
        n_before = n_bytes = sum(measure() for measure, _ in parts)
        if clear:
            for _, clear_part in parts:
                clear_part()
            n_bytes = sum(measure() for measure, _ in parts)
        path, n_features, n_freed = str(store.path), store.count(), max(0, n_before - n_bytes)
    if as_json:
        print_json({"path": path, "n_features": n_features, "n_bytes": n_bytes, "n_bytes_freed": n_freed})
        return
    if clear:
        print_line(f"Freed {n_freed / 1e6:,.1f} MB.")
    print_line(f"{path}: features of {n_features:,} photos, {n_bytes / 1e6:,.1f} MB.")
