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
    from headstart.storage.other_layouts import delete_other_layouts, measure_other_layouts
    from headstart.storage.result_cache import clear_results, measure_results
    from headstart.training.forget import STORES
    from headstart.tune.checkpoint import clear_checkpoints, measure_checkpoints

    with FeatureCache() as store:
        parts = {
            "features": (store.measure_bytes, store.clear),
            "activations": (measure_activations, clear_activations),
            "checkpoints": (measure_checkpoints, clear_checkpoints),
            "features on clusters": (measure_stored_features, clear_stored_features),
            "digests": (measure_digest_cache, clear_digest_cache),
            "networks and results": (measure_results, clear_results),
            "other versions": (lambda: measure_other_layouts(STORES), lambda: delete_other_layouts(STORES)),
        }
        n_before = sum(measure() for measure, _ in parts.values())
        if clear:
            for _, clear_part in parts.values():
                clear_part()
        by_part = {name: measure() for name, (measure, _) in parts.items()}
        path, n_features, n_bytes = str(store.path), store.count(), sum(by_part.values())
        n_freed = max(0, n_before - n_bytes)
    if as_json:
        print_json(
            {"path": path, "n_features": n_features, "n_bytes": n_bytes, "n_bytes_freed": n_freed,
             "n_bytes_by_part": by_part}
        )  # fmt: skip
        return
    if clear:
        print_line(f"Freed {n_freed / 1e6:,.1f} MB.")
    print_line(f"{path}: {n_bytes / 1e6:,.1f} MB.")
    for name, size in by_part.items():
        counted = f"  {n_features:,} entries: one for each photo, network and view" if name == "features" else ""
        print_line(f"  {name:<20}  {size / 1e6:>10,.1f} MB{counted}")
