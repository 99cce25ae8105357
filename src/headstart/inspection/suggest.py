"""Suggest which photos to label next: typical ones first, later those of which the classifier is least sure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headstart.backbone.names import Sizes
from headstart.catalog.hashing import hash_files
from headstart.catalog.photo import Photo, Skip
from headstart.catalog.scan import scan_for_audit
from headstart.catalog.source import PhotoSource
from headstart.catalog.unlabelled import PhotoPlaces, UnlabelledListing, list_unlabelled
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note, sort_notes
from headstart.evaluation.summary import count_reasons
from headstart.evaluation.words import count_photos
from headstart.inspection.passed_over import find_passed_over
from headstart.inspection.run_knowledge import Knowledge, is_run, open_knowledge, open_pretrained
from headstart.inspection.suggestion_choice import MadeChoice, choose_photos
from headstart.inspection.suggestions import Suggestions
from headstart.methods.training_context import TrainingContext
from headstart.process.progress import show_progress
from headstart.runs.run import Run
from headstart.storage.remote_paths import make_path

NOT_TEXT = "its name is not UTF-8, which the CSV needs: rename the file"
TABLES = (".csv", ".tsv", ".parquet")
MANY_STRANGE = 0.5  # share of the photos without a label: then the run may be of other photos


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The photos of a suggestion, each content once: those without a label, and those with one."""

    unlabelled: dict[str, Photo]
    labelled: dict[str, Photo]
    n_left_out: int
    n_passed_over: int
    n_identical: int
    skipped: list[Skip]
    notes: list[Note]


def suggest_photos(
    photos: PhotoPlaces, *, run: Run | str | Path | None = None, n: int = 50,
    labelled: str | Path | Sequence[PhotoSource] = (), backbone: str = "mobilenet_v2", image_size: Sizes = None,
    depth: int = 16, seed: int = 0, cache: bool = True, path_column: str | None = None, verbose: bool = True,
) -> Suggestions:  # fmt: skip
    """Suggest the ``n`` photos that are most worth labelling, each with a reason, the most useful first.

    With fewer than 20 labels, the photos are typical of groups of alike photos without a label. With a run, they are
    photos that its classifier cannot tell, and that differ from each other. Near copies of labelled photos, and of
    photos that are suggested already, are left out. No photo is changed.

    Parameters
    ----------
    photos
        A folder of photos, nested or flat, a CSV of paths, or a list of files, folders and globs. The names of folders
        are not read as labels. Photos that have a label already are left out: they are known by their content.
    run
        A run, its folder, or a classifier file. The photos of a run count as labelled. Of a classifier file, only those
        of its training photos are known that are among ``photos``.
    labelled
        Sources of labelled photos as for `scan_photos`, such as the CSVs of earlier suggestions; or the path of one.
        Photos of an earlier suggestion whose label is empty are not suggested again. So are those of the CSVs that the
        run was trained on.
    backbone, image_size, depth
        Network whose features are compared, its input size in pixels, and bits of 16-bit files, as for
        `train_classifier`. With a run, those of its classifier are used.
    seed
        Seed of the clusters.
    cache
        Whether the user's cache is used.
    path_column
        Name of the column of a CSV that has the paths. None: it is found by its name.
    verbose
        Whether progress is shown on stderr.

    Raises
    ------
    HeadstartError
        If the photos or the run cannot be used, or all photos have a label.
    """
    started = time.perf_counter()
    _check_arguments(photos, run, labelled, {"n": n, "seed": seed})
    if n < 1:
        raise CatalogError(f"Cannot suggest photos: got n = {n}, need 1 or more. Give a larger number.")
    _refuse_swapped(photos, run)
    listing = list_unlabelled(photos, path_column)
    known = open_pretrained(backbone, image_size, depth) if run is None else open_knowledge(run, len(listing.files))
    sources = [labelled] if isinstance(labelled, str | Path) else list(labelled)
    found = _find_photos(listing, known, sources, cache=cache, verbose=verbose)
    context = TrainingContext(known.setup, cache, verbose)
    made = choose_photos(found.unlabelled, found.labelled, known, context, n=n, seed=seed)
    skipped = (*found.skipped, *made.skipped)
    if not made.n_unlabelled:
        raise CatalogError(_describe_empty(listing.name, found.n_left_out, found.n_passed_over, skipped))
    if not made.photos:
        raise CatalogError(
            f"Cannot suggest photos of '{listing.name}': got {count_photos(made.n_unlabelled)} without a label, all "
            "near copies of labelled photos. Give other photos."
        )
    notes = [*listing.notes, *found.notes, *made.notes, *_note_numbers(made, known, n)]
    return Suggestions(
        photos=made.photos, source=listing.name, run=known.name,
        labels=() if known.contents is None else known.contents.metadata.labels,
        n_unlabelled=made.n_unlabelled, n_labelled=made.n_labelled, n_left_out=found.n_left_out,
        n_passed_over=found.n_passed_over, n_identical=found.n_identical,
        run_folder="" if known.folder is None else str(known.folder),
        labelled=(*(str(source) for source in sources if isinstance(source, str | Path)), *listing.suggestions),
        skipped=skipped, notes=tuple(sort_notes(notes)), seconds=time.perf_counter() - started,
    )  # fmt: skip


def _note_numbers(made: MadeChoice, known: Knowledge, n: int) -> list[Note]:
    """Return notes on photos of the run that are gone, on many strange photos, and on fewer suggestions than wanted."""
    notes = []
    if known.contents is not None and not known.photos:
        text = (
            "A classifier file does not have its training photos: suggested photos may resemble them. Give the run "
            "folder instead, or the photos with --labelled."
        )
        notes.append(Note("labelled-photos-unknown", text))
    if made.n_gone:
        text = (
            f"{count_photos(made.n_gone, 'labelled')} cannot be read, and the cache does not have their features: "
            "suggested photos may resemble them. Put them back where they lay, or give their place with --labelled."
        )
        notes.append(Note("labelled-photos-unknown", text, "warning"))
    n_strange = made.n_strange
    if n_strange > MANY_STRANGE * made.n_unlabelled:
        text = (
            f"{n_strange:,} of {count_photos(made.n_unlabelled)} without a label are unlike the training photos. If "
            "they show other things than the classes, give other photos. If they are of another kind, such as another "
            "camera, label some of them drawn at random."
        )
        notes.append(Note("many-strange", text, "warning"))
    if len(made.photos) < n:
        left = made.n_unlabelled - len(made.photos)
        text = f"All photos without a label are suggested: there are {made.n_unlabelled:,}, fewer than {n:,}."
        if made.n_unlabelled == 1:
            text = "The only photo without a label is suggested."
        if left:
            text = (
                f"Only {count_photos(len(made.photos))} can be suggested. The other {left:,} without a label "
                f"{'is a near copy' if left == 1 else 'are near copies'} of labelled or of suggested photos."
            )
        notes.append(Note("fewer-suggestions", text))
    return notes


def _check_arguments(photos: object, run: object, labelled: object, numbers: Mapping[str, object]) -> None:
    """Raise CatalogError if an argument is of another type, as it may be from Python."""
    places = [photos] if isinstance(photos, str | Path) else photos
    if not isinstance(places, Sequence) or not all(isinstance(place, str | Path) for place in places):
        raise CatalogError(
            f"Cannot suggest photos: got {type(photos).__name__} for the photos, need a folder, a CSV of paths, or a "
            "list of these and of files. Give one of these."
        )
    if not isinstance(run, Run | str | Path | None):
        raise CatalogError(
            f"Cannot suggest photos: got {type(run).__name__} for the run, need a Run, its folder, or the path of a "
            "classifier file. Give one of these."
        )
    if not isinstance(labelled, str | Path | Sequence):
        raise CatalogError(
            f"Cannot suggest photos: got {type(labelled).__name__} for the labelled photos, need a list of sources, or "
            "the path of one. Give one of these."
        )
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | np.integer):
            text = f"got {name} = {number!r:.40}, need a whole number. Give one, such as {name}=50."
            raise CatalogError(f"Cannot suggest photos: {text}")


def _refuse_swapped(photos: PhotoPlaces, run: Run | str | Path | None) -> None:
    if isinstance(run, str | Path) and str(run).casefold().endswith(TABLES):
        raise CatalogError(
            f"Cannot suggest photos with '{run}': got a table in place of a run, need a run folder or a classifier "
            f"file. Give labelled photos with --labelled: headstart suggest {photos} --labelled {run}", path=run,
        )  # fmt: skip
    if isinstance(photos, str | Path) and is_run(photos):
        if run is None:
            next_step = f"Give the photos after it: headstart suggest {photos} PHOTOS"
        else:
            next_step = f"Give the run first: headstart suggest {photos} {run}"
        raise CatalogError(f"Cannot suggest photos of '{photos}': got a run, need photos. {next_step}.", path=photos)


def _find_photos(
    listing: UnlabelledListing, known: Knowledge, labelled: Sequence[PhotoSource], *, cache: bool, verbose: bool
) -> _Found:
    with show_progress("Scanning", is_shown=verbose) as progress:
        hashed = hash_files(listing.files, progress, cache=cache)
    notes: list[Note] = []
    by_digest = {photo.digest: photo for photo in known.photos}
    for source in labelled:
        with show_progress("Scanning labelled photos", is_shown=verbose) as progress:
            catalog = scan_for_audit(source, cache=cache, progress=progress)
        by_digest |= {photo.digest: photo for photo in catalog.photos}
        notes += [note for note in catalog.notes if note.severity == "warning"]
    files = zip(listing.files, hashed, strict=True)
    photos, skipped = dict[str, Photo](), list[Skip]()
    for file, result in files:
        if result.digest is None:
            skipped.append(Skip(make_path(file), str(result.reason)))
            continue
        photo = photos.setdefault(result.digest, Photo(file, "", digest=result.digest, split=None))
        if result.digest in by_digest or known.has_seen(result.digest) or file in listing.labelled:
            by_digest[result.digest] = photo  # it lies here: the run may name a place where it lay
    n_identical = sum(result.digest is not None for result in hashed) - len(photos)
    unlabelled = {digest: photo for digest, photo in photos.items() if digest not in by_digest}
    n_left_out = len(photos) - len(unlabelled)
    passed_over = find_passed_over([*labelled, *known.sources], cache=cache) & unlabelled.keys()
    for digest, photo in list(unlabelled.items()):
        if not _is_text(photo.file):
            skipped.append(Skip(photo.path, NOT_TEXT, digest))
        if digest in passed_over or not _is_text(photo.file):
            del unlabelled[digest]
    if not unlabelled:
        raise CatalogError(_describe_empty(listing.name, n_left_out, len(passed_over), skipped))
    return _Found(
        unlabelled=unlabelled, labelled=by_digest, n_left_out=n_left_out, n_passed_over=len(passed_over),
        n_identical=n_identical, skipped=skipped, notes=notes,
    )  # fmt: skip


def _is_text(name: str) -> bool:
    """Say whether a name can be written as UTF-8, as the CSV and the page are."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _describe_empty(name: str, n_labelled: int, n_passed_over: int, skipped: Sequence[Skip]) -> str:
    reasons = [f"{reason} ({n:,})" for reason, n in count_reasons(skip.reason for skip in skipped)[:5]]
    left_out = f" Left out: {', '.join(reasons)}." if reasons else ""
    if n_passed_over:
        got = (
            f"{n_labelled:,} with a label already and {n_passed_over:,} that an earlier suggestion has without a label"
        )
        return f"Cannot suggest photos of '{name}': got {got}, need another one.{left_out} Give other photos."
    if n_labelled:
        got = f"{count_photos(n_labelled)}, all with a label already"
        return f"Cannot suggest photos of '{name}': got {got}, need one without.{left_out} Give other photos."
    return f"Cannot suggest photos of '{name}': got no photo that can be read, need one.{left_out} Check the files."
