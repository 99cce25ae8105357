"""The manifest: a small JSON file that ``headstart embed`` writes beside its Parquet files, with facts about all."""

from __future__ import annotations

import json
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from headstart.catalog.photo import SPLITS, Skip
from headstart.catalog.source_listing import ListedPhoto, SourceListing
from headstart.catalog.split import SplitPlan
from headstart.catalog.table_rows import MAX_WEIGHT
from headstart.errors import CatalogError
from headstart.evaluation.notes import Note, parse_note
from headstart.pixels.photo_bytes import explain_unreadable
from headstart.storage.remote_paths import make_path, open_for_reading, open_for_writing

FILE_NAME = "_headstart.json"  # readers of Parquet ignore names with a leading underscore
SCHEMA = 2  # 1 had the texts of the notes alone
PLAIN = ("recipe", "source", "token", "is_complete", "root", "labels", "parts", "n_blocks", "n_photos")


@dataclass(frozen=True)
class Manifest:
    """Facts about a whole folder of features.

    Attributes
    ----------
    recipe
        Settings that decide the features: the fields of `features.cache_key.FeatureSpec`, the dtype and the views.
    source
        Path of the photos' source.
    token
        Random text that identifies the command that writes the folder.
    is_complete
        Whether all photos have been embedded.
    root, labels, plan, notes, skipped
        As in `SourceListing`; ``skipped`` includes files that are no photos.
    broken
        Photos that cannot be decoded, with reasons. They have no features, but take part in the split.
    parts
        Names of the Parquet files, in the order of the photos.
    n_blocks
        Number of blocks in the source.
    n_photos
        Number of photos with features.
    """

    recipe: dict[str, Any]
    source: str
    _: KW_ONLY
    token: str = ""
    is_complete: bool = False
    root: str = ""
    labels: tuple[str, ...] = ()
    plan: SplitPlan | None = None
    notes: tuple[Note, ...] = ()
    skipped: tuple[Skip, ...] = ()
    broken: tuple[tuple[ListedPhoto, str], ...] = ()
    parts: tuple[str, ...] = ()
    n_blocks: int = 0
    n_photos: int = 0

    def describe(self, found: SourceListing, n_blocks: int = 0) -> Manifest:
        """Return a copy with the facts about the source."""
        return replace(
            self, root=str(found.root), labels=tuple(sorted(found.labels)), plan=found.plan, notes=tuple(found.notes),
            skipped=tuple(found.skipped), n_blocks=n_blocks,
        )  # fmt: skip

    def write(self, folder: Path) -> None:
        """Write the manifest into a folder."""
        with open_for_writing(folder / FILE_NAME) as file:
            file.write(self.to_bytes())

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON."""
        record = {name: getattr(self, name) for name in PLAIN} | {
            "schema": SCHEMA,
            "plan": None if self.plan is None else [self.plan.pool, list(self.plan.shares.items())],
            "notes": [note.to_record() for note in self.notes],
            "skipped": [[str(skip.path), skip.reason] for skip in self.skipped],
            "broken": [[photo.list_fields(), reason] for photo, reason in self.broken],
        }
        return json.dumps(record, indent=1).encode()


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest in a folder, or None if there is none.

    CatalogError is raised if the manifest cannot be read, or is of another version.
    """
    try:
        with open_for_reading(folder / FILE_NAME) as file:
            return parse_manifest(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CatalogError(
            f"Cannot read '{folder}': {explain_unreadable(error)}. Check the path.", path=folder
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise CatalogError(
            f"Cannot read '{folder}': its {FILE_NAME} is damaged or of another version of Headstart. Embed the photos "
            "again with --overwrite.", path=folder,
        ) from None  # fmt: skip


def parse_manifest(data: bytes) -> Manifest:
    """Return the manifest of a JSON text that `Manifest.to_bytes` wrote.

    ValueError, KeyError, TypeError, AttributeError, IndexError or RecursionError is raised if the text is something
    else, or an entry has another type.
    """
    record = json.loads(data)
    if record.pop("schema") not in (1, SCHEMA):
        raise ValueError("another version")
    plan = record.pop("plan")
    texts: dict[str, Any] = {name: tuple(record.pop(name)) for name in ("labels", "parts")}
    notes = tuple(map(parse_note, record.pop("notes")))
    skipped = tuple(Skip(make_path(path), _check_text(reason)) for path, reason in record.pop("skipped"))
    broken = tuple((_parse_photo(fields), _check_text(reason)) for fields, reason in record.pop("broken"))
    plan = plan and SplitPlan(plan[0], dict(map(tuple, plan[1])))
    manifest = Manifest(**record, **texts, notes=notes, skipped=skipped, broken=broken, plan=plan)
    _check(manifest)
    return manifest


def _check(manifest: Manifest) -> None:
    """Raise TypeError or ValueError if a person or another program wrote an entry of another kind."""
    facts, plan = manifest.recipe, manifest.plan
    for text in (manifest.source, manifest.token, manifest.root, *manifest.labels, *manifest.parts):
        _check_text(text)
    for note in manifest.notes:
        _check_text(note.code + note.text + note.severity)
    for count in (manifest.n_blocks, manifest.n_photos):
        if type(count) is not int or count < 0:
            raise TypeError("not a number of photos")
    if type(manifest.is_complete) is not bool or not isinstance(facts, dict):
        raise TypeError("another recipe")
    if any(PurePath(part).name != part or not part or "\\" in part for part in manifest.parts):
        raise ValueError("a part outside of the folder")
    if plan is not None:
        shares = plan.shares
        if not {plan.pool, *shares} <= {None, *SPLITS} or not all(type(share) is int for share in shares.values()):
            raise TypeError("another plan")
        if shares and (min(shares.values()) < 0 or sum(shares.values()) != 100):
            raise ValueError("another plan")


def _parse_photo(fields: list[Any]) -> ListedPhoto:
    photo = ListedPhoto.from_fields(fields)
    for text in (photo.file, photo.label, photo.group or "", photo.digest or ""):
        _check_text(text)
    if photo.split not in (None, *SPLITS) or not 0 <= float(photo.weight) <= MAX_WEIGHT:
        raise ValueError("another split or weight")
    return photo


def _check_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
