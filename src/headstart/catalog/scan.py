"""Scan a source of photos: it becomes a checked catalog with splits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from headstart.catalog.catalog import Catalog
from headstart.catalog.classes import drop_untrained, name_classes, note_classes, note_empty, note_similar_names
from headstart.catalog.hashing import HashResult, hash_files
from headstart.catalog.leaks import drop_conflicts, drop_leaks, note_copies
from headstart.catalog.missing_files import MISSING, note_missing
from headstart.catalog.photo import Photo, Skip
from headstart.catalog.several_sources import drop_repeated
from headstart.catalog.source import PhotoSource, find_source, read_source
from headstart.catalog.source_listing import SourceListing
from headstart.catalog.split import KEEP_ALL, assign_splits, describe_split, fill_splits
from headstart.catalog.suggested_photos import note_suggested
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note
from headstart.evaluation.summary import count_reasons
from headstart.storage.remote_paths import make_path


def scan_photos(
    source: PhotoSource,
    *,
    seed: int = 0,
    layout: str = "auto",
    cache: bool = True,
    path_column: str | None = None,
    label_column: str | None = None,
    group_column: str | None = None,
    group_from: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Scan labelled photos: find them, check them, and split them into train, validation and test.

    Every file is read for its digest, and again only if it has changed. No file is decoded or changed. Identical photos
    are never in two splits, nor are the photos of a group.

    Parameters
    ----------
    source
        A folder with class folders (``pets/cats/1.jpg``), which may lie in ``train``, ``validation`` and ``test``; a
        CSV or Parquet table of ``path,label[,split][,group][,weight]``; WebDataset tar shards; or the output folder
        of ``headstart embed``. A URI, such as ``s3://bucket/pets``, is possible. In memory: a pandas DataFrame with
        the same columns, or a tuple of two sequences, paths and labels; their paths are relative to the working folder.
        Or a list of several of these: a photo in two of them counts once, and each of them may have only some of the
        classes.
    seed
        Seed of the random split. The same photos and seed give the same split on every machine.
    layout
        Which folders of a folder are the classes, with all folders below them. ``outer``: the outermost, or those in
        the folders of the splits. ``inner``: those that hold the photos. ``auto``: the outermost; if it is not clear
        that they are the classes, an error tells the choice.
    cache
        Keep digests in the user's cache folder, and do not read unchanged files again.
    path_column, label_column, group_column
        Names of a table's columns. None: they are found by their names.
    group_from
        What gives the photos their groups, in place of a column. ``camera``: make, model and serial number in the Exif
        data. ``folder``: the folder below the class folder. Else a regular expression that is searched in the path
        relative to the source; its first group, or the whole match, names the photo's group. With fewer than three
        groups no photo gets one.
    progress
        Function that is called now and then with the number of finished files and their total.

    Raises
    ------
    CatalogError
        If the source cannot be scanned, or fewer than two classes have training photos.
    """
    source = find_source(
        source, ColumnNames(path_column, label_column, group_column), layout=layout, group_from=group_from
    )
    found = read_source(source, is_for_training=True)
    photos, skipped, notes = hash_listing(found, progress, cache=cache)
    photos, dropped, said = drop_conflicts(photos, found.name_photo, found.name_label)
    photos, leaked, more = drop_leaks(photos, found.name_photo)
    skipped, notes = [*skipped, *dropped, *leaked], [*notes, *said, *more]
    notes += note_empty(found.labels, {photo.label for photo in photos})
    plan = found.plan or KEEP_ALL
    photos = fill_splits(photos, plan)
    divided, ambiguous = assign_splits(photos, plan, seed)
    notes = add_to_layout(notes, describe_split(plan, photos, divided))
    photos = divided
    photos, untrained, said = drop_untrained(photos)
    skipped += ambiguous + untrained
    notes += [*said, *note_copies(photos), *note_classes(photos)]
    notes += note_similar_names({photo.label for photo in photos})
    catalog = Catalog(
        tuple(photos), tuple(skipped), tuple(notes), source.name, seed, plan, source.group_kind, sources=source.names
    )
    if len(catalog.labels) < 2:
        raise CatalogError(_describe_shortage(catalog))
    return catalog


def scan_labelled(
    source: PhotoSource,
    *,
    layout: str = "auto",
    cache: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Scan labelled photos for an evaluation: nothing is split at random, and one class is enough.

    A photo has the split that its folder or its row names, or None. The parameters are those of `scan_photos`.

    Raises
    ------
    CatalogError
        If the source cannot be scanned, or no photo has a label.
    """
    source = find_source(source, layout=layout)
    found = read_source(source, is_for_training=False)
    photos, skipped, notes = hash_listing(found, progress, cache=cache)
    photos, dropped, said = drop_conflicts(photos, found.name_photo, found.name_label)
    if not photos:
        raise CatalogError(_describe_empty(source.name, [*skipped, *dropped], notes))
    return Catalog(tuple(photos), (*skipped, *dropped), (*notes, *said), source.name, sources=source.names)


def scan_for_audit(
    source: PhotoSource,
    *,
    layout: str = "auto",
    cache: bool = True,
    path_column: str | None = None,
    label_column: str | None = None,
    group_column: str | None = None,
    group_from: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Catalog:
    """Scan labelled photos for an audit: identical photos stay, also in two splits or with two labels.

    Nothing is split at random, and one class is enough. A photo has the split that its folder or its row names, or
    None. The parameters are those of `scan_photos`.

    Raises
    ------
    CatalogError
        If the source cannot be scanned, or no photo has a label.
    """
    columns = ColumnNames(path_column, label_column, group_column)
    source = find_source(source, columns, layout=layout, group_from=group_from)
    found = read_source(source, is_for_training=False)
    photos, skipped, notes = hash_listing(found, progress, cache=cache)
    if not photos:
        raise CatalogError(_describe_empty(source.name, skipped, notes))
    labels = {photo.label for photo in photos}
    notes += [*note_empty(found.labels, labels), *note_similar_names(labels)]
    return Catalog(tuple(photos), tuple(skipped), tuple(notes), source.name, group_kind=source.group_kind)


def hash_listing(
    found: SourceListing, progress: Callable[[int, int], None] | None, *, cache: bool, known: Collection[str] = ()
) -> tuple[list[Photo], list[Skip], list[Note]]:
    """Hash listed photos without a digest. Return the photos, the skipped files, and the notes of the listing.

    Photos with a digest in ``known`` do not count as suggested: they were told of before.
    """
    files = [listed.file for listed in found.photos if listed.digest is None]
    new = iter(hash_files(files, progress, cache=cache))
    photos, skipped = [], list(found.skipped)
    sources: list[int] = []
    suggested: set[str] = set()
    for listed in found.photos:
        hashed = next(new) if listed.digest is None else HashResult(listed.digest)
        if hashed.digest is None:
            skipped.append(Skip(make_path(listed.file), str(hashed.reason)))
        else:
            photo = Photo(
                listed.file, listed.label, digest=hashed.digest, split=listed.split, group=listed.group,
                weight=listed.weight, near_copies=listed.near_copies,
            )  # fmt: skip
            photos.append(photo)
            sources.append(listed.source)
            if listed.is_suggested and hashed.digest not in known:
                suggested.add(hashed.digest)
    root = found.find_root(next((skip.path for skip in skipped if skip.reason in MISSING), found.root))
    missing = note_missing(skipped, len(found.photos) + len(found.skipped), root)
    notes = [*found.notes, *([] if missing is None else [missing])]
    notes += [note_suggested(len(suggested))] if suggested else []
    if not found.roots:
        return photos, skipped, notes
    photos, repeated, said = drop_repeated(photos, sources)
    return photos, skipped + repeated, notes + said


def add_to_layout(notes: list[Note], sentence: str) -> list[Note]:
    """Append a sentence to the last note on the layout."""
    last = max((n for n, note in enumerate(notes) if note.code == "layout"), default=None)
    if last is None:
        return [Note("layout", sentence), *notes]
    return [replace(note, text=f"{note.text} {sentence}") if n == last else note for n, note in enumerate(notes)]


def _describe_empty(name: str, skipped: Sequence[Skip], notes: Sequence[Note]) -> str:
    return (
        f"Cannot scan '{name}': got no photo with a label, need class folders or a CSV of path,label."
        f"{_name_left_out(skipped, notes)} Check what is in it."
    )


def _describe_shortage(catalog: Catalog) -> str:
    labels = catalog.labels
    got = f"1 class with training photos ({name_classes(labels)})" if labels else "no training photo"
    return (
        f"Cannot scan '{catalog.source}': got {got}, need at least 2 classes with training photos."
        f"{_name_left_out(catalog.skipped, catalog.notes)} "
        "Add photos, or correct those that were left out."
    )


def _name_left_out(skipped: Sequence[Skip], notes: Sequence[Note]) -> str:
    """Return the commonest reasons, each with its number of files and one of them, and the note on missing files."""
    some = {reason: skip.path for skip in reversed(skipped) for reason, _ in count_reasons([skip.reason])}
    commonest = count_reasons(skip.reason for skip in skipped)[:5]
    reasons = [f"{reason} ({n:,}, such as '{some[reason]}')" for reason, n in commonest]
    left_out = f" Left out: {', '.join(reasons)}." if reasons else ""
    return left_out + "".join(f" {note}" for note in notes if note.code == "missing-files")
