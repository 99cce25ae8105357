"""Keep near copies in one split: extract the features of all photos first, find near copies, and draw the split again.

The features are handed on, so that no photo is decoded twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.catalog.redrawing import redraw_splits
from headstart.evaluation.notes import Note
from headstart.features.cache_key import FeatureSpec
from headstart.features.decoded_rows import Row
from headstart.features.extraction import Features, PhotoFile, extract_features, make_feature_spec
from headstart.features.feature_cache import open_feature_cache
from headstart.features.fresh_activations import allocate_activations
from headstart.features.fresh_features import FreshFeatures
from headstart.features.measure_collector import MeasureCollector, stack_measures
from headstart.features.near_copies import Comparison, CopyPair, compare_photos
from headstart.features.near_copy_groups import NearCopies, group_near_copies
from headstart.features.stored_features import KnownFeatures
from headstart.features.thumbnail_spectra import find_details
from headstart.features.thumbnails import SIDE_PX, ThumbnailCollector
from headstart.methods.extraction_choice import choose_kept_cut, choose_setup
from headstart.methods.near_copy_notes import list_near_copy_notes, note_common
from headstart.methods.settings import Settings
from headstart.methods.training_context import TrainingContext
from headstart.pixels.decode import describe_decoder
from headstart.process.progress import show_progress
from headstart.storage.large_arrays import allocate_array
from headstart.storage.result_cache import fetch_result, keep_result, name_result

COMPARISON = "near copies 6"  # another number if the rules change: then comparisons in the cache are not used


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What `search_near_copies` found among N photos.

    Attributes
    ----------
    pairs, lookalikes
        Pairs of near copies, and pairs that look alike and are no copies; the strongest first.
    features
        Features of the photos. None: they are not computed, because the network will be quantised on training photos.
    fresh
        The same, for later steps of a training.
    measures
        (N, 8) float32, see `PhotoMeasures`; NaN for photos that cannot be decoded and, if measures were not asked for,
        for photos that were decoded before without them.
    notes
        A note if most photos show the same.
    """

    pairs: list[CopyPair]
    lookalikes: list[CopyPair]
    features: Features | None
    fresh: FreshFeatures | None
    measures: npt.NDArray[np.float32]
    notes: list[Note]


def keep_near_copies_together(
    catalog: Catalog, context: TrainingContext, settings: Settings, stored: KnownFeatures | None = None,
    note_time: Callable[[str], None] = lambda _: None,
) -> tuple[Catalog, NearCopies | None, FreshFeatures | None]:  # fmt: skip
    """Find the near copies among the photos of a catalog, and draw its split again with each group in one split.

    Splits that folders or rows name stay as they are. Groups that the user named are not joined by near copies. In a
    replay, the split and the names of near copies stay as the run recorded them: without a photo, or by another
    processor, other pairs may be found.

    Returns
    -------
    The catalog, the near copies, and the features that were computed for it. The last two are None if near copies
    are not searched for.
    """
    if settings.near_copies == "ignore":
        return catalog, None, None
    if stored is not None or context.cluster is not None:
        text = (
            "Near copies were not searched for, because this process does not read the photos. Photos that show the "
            "same thing may be in two splits."
        )
        return replace(catalog, notes=(*catalog.notes, Note("near-copies-unknown", text))), None, None
    photos = sorted({photo.digest: photo for photo in catalog.photos}.values(), key=lambda photo: photo.digest)
    compared = replace(settings, features=catalog.compared_features or settings.features)
    found = search_near_copies(photos, context, compared, note_time)
    pairs, fresh = found.pairs, found.fresh
    catalog = replace(catalog, notes=(*catalog.notes, *found.notes))
    near_copies = group_near_copies(pairs, len(photos), {photo.digest: photo.group for photo in photos})
    near_copies = replace(near_copies, lookalikes=tuple(found.lookalikes))
    note_time("near_copies")
    if not pairs:
        return catalog, near_copies, fresh
    if not catalog.is_recorded:
        catalog = redraw_splits(catalog, near_copies=near_copies.names)
    notes = list_near_copy_notes(near_copies, catalog)
    return replace(catalog, notes=(*catalog.notes, *notes)), near_copies, fresh


def search_near_copies(
    photos: Sequence[Photo], context: TrainingContext, settings: Settings,
    note_time: Callable[[str], None] = lambda _: None, *, wants_measures: bool = False,
) -> SearchResult:  # fmt: skip
    """Extract the features of photos of different digests, and find the near copies among them.

    Each photo is decoded once. Its measures are made then, and written to the cache.

    Parameters
    ----------
    photos
        N photos, sorted by digest.
    settings
        Of these, the method, its cut, ``features`` and ``precision`` count.
    note_time
        Function that is called with ``extract`` after the extraction.
    wants_measures
        Whether all measures are needed: photos without measures in the cache are then decoded for them.
    """
    setup, spec, features, fresh, activations = context.setup, None, None, None, None
    with open_feature_cache(cache=context.cache) as feature_cache:
        collector, measurer = ThumbnailCollector(setup, feature_cache), MeasureCollector(setup, feature_cache)

        def watch(photo: PhotoFile, pixels: npt.NDArray[np.uint8]) -> None:
            collector.add(photo, pixels)
            measurer.add(photo, pixels)

        if settings.precision != "int8":  # the network is quantised on training photos: the split comes first
            setup = choose_setup(setup, settings, len(photos))
            cut = choose_kept_cut(context.setup, settings, len(photos))
            activations = None if cut is None else allocate_activations(photos, context.setup, cut)
            with show_progress("Extracting", is_shown=context.verbose) as progress:
                features = extract_features(
                    photos, setup, feature_cache=feature_cache, watch=watch, collector=activations, progress=progress
                )
            spec = make_feature_spec(setup)
        with show_progress("Making thumbnails", is_shown=context.verbose) as progress:
            thumbnails = collector.collect(photos, progress)
        if wants_measures:
            with show_progress("Measuring", is_shown=context.verbose) as progress:
                measures = stack_measures(photos, measurer.collect(photos, progress))
        else:
            measures = stack_measures(photos, measurer.collect_known(photos))
    if features is not None and spec is not None:
        fresh = FreshFeatures(spec, photos, features, collector.decoded, measures, activations)
    note_time("extract")
    (pairs, lookalikes), notes = _compare(photos, context, features, spec, thumbnails)
    return SearchResult(pairs, lookalikes, features, fresh, measures, notes)


def _compare(
    photos: Sequence[Photo], context: TrainingContext, features: Features | None, spec: FeatureSpec | None,
    thumbnails: dict[str, Row],
) -> tuple[Comparison, list[Note]]:  # fmt: skip
    """Return the near copies and look-alikes among the photos that can be decoded, and a note if most show the same."""
    at = [n for n, photo in enumerate(photos) if photo.digest in thumbnails]
    if features is not None:
        at = [n for n in at if n not in features.failures]
    if len(at) < 2:
        return Comparison([], []), []
    digests = [photos[n].digest for n in at]
    matrix = None if features is None else features.matrix if len(at) == len(photos) else features.matrix[at]
    if matrix is not None:  # of all stages the last alone, at the end: the limits of near copies are for it
        matrix = matrix[:, -context.setup.spec.n_features :]
    facts = (context.setup.image_size, context.setup.depth, spec)
    name = name_result(COMPARISON, describe_decoder(), repr(facts), *digests)
    kept = fetch_result(name) if context.cache else None
    if kept is not None:
        return _read_comparison(kept)
    with show_progress("Comparing", is_shown=context.verbose) as progress:
        pictures = allocate_array((len(digests), SIDE_PX, SIDE_PX), np.uint8, "thumbnails")
        for number, digest in enumerate(digests):
            pictures[number] = thumbnails.pop(digest)
        details = find_details(pictures)
        found, notes = compare_photos(digests, details, matrix, progress), note_common(details.is_common)
    if context.cache:
        keep_result(name, _write_comparison(found, notes))
    return found, notes


def _write_comparison(found: Comparison, notes: Sequence[Note]) -> bytes:
    pairs = [[asdict(pair) for pair in some] for some in found]
    return json.dumps([*pairs, [note.to_record() for note in notes]]).encode()


def _read_comparison(data: bytes) -> tuple[Comparison, list[Note]]:
    *pairs, notes = json.loads(data)
    found = Comparison(*([CopyPair(**pair) for pair in some] for some in pairs))
    return found, [Note(record["code"], record["text"], record["severity"]) for record in notes]
