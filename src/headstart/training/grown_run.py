"""A run with other photos: its own photos and settings, with photos added and others forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias

from headstart.catalog.additions import join_additions
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.catalog.several_sources import join_names
from headstart.catalog.source import Source, find_source, refuse_reading
from headstart.catalog.suggested_photos import join_suggested
from headstart.catalog.table_columns import ColumnNames
from headstart.classifier.decision import Decision
from headstart.errors import CatalogError, FitError, RunError
from headstart.evaluation.words import count_photos, join_labels
from headstart.methods.setting_names import name_setting
from headstart.methods.settings import Settings
from headstart.methods.split_metrics import SplitPredictions
from headstart.process.progress import show_progress
from headstart.runs.forget_list import find_forgotten, read_forgotten_names
from headstart.runs.forgotten_before import note_forgotten_before
from headstart.runs.growth import describe_growth
from headstart.runs.photo_finding import FoundPhotos, find_photos
from headstart.runs.run import Run
from headstart.runs.run_record import read_record
from headstart.runs.run_side import RunSide, make_side, read_side
from headstart.runs.run_tables import read_run_photos
from headstart.storage.remote_paths import make_path
from headstart.training.recorded_training import choose_settings, make_catalog

# settings that belong to a method or a network: with another one they are not those of the run
OF_METHOD = ("cut", "features", "head", "strength", "fit_on", "epochs", "n_views", "average_views", "learning_rate",
             "train_norms", "precision")  # fmt: skip
ForgetLists: TypeAlias = "str | Path | list[str | Path]"
OF_SPLIT = ("repeats", "test_share", "validation_share")
N_NAMED = 10  # missing photos that a message names


@dataclass(frozen=True)
class GrownRun:
    """A run, and what is added to its photos and forgotten of them.

    Attributes
    ----------
    side
        The run: its photos, answers and metrics.
    photos
        The rows of its catalog.csv that are not forgotten.
    added
        Source of new photos, or None.
    settings
        Settings to train with.
    sources
        Names of the sources of the run and of the new photos.
    """

    side: RunSide
    record: Mapping[str, Any]
    photos: tuple[Photo, ...]
    added: Source | None
    settings: Settings
    sources: tuple[str, ...]

    @property
    def forgotten(self) -> frozenset[str]:
        """The digests of the photos that are forgotten."""
        return frozenset(self.side.photos).difference(photo.digest for photo in self.photos)

    def check_apart(self, folder: Path) -> None:
        """Raise RunError if a run folder to write is that of the run, or lies in it."""
        if folder.resolve().is_relative_to(self.side.folder.resolve()):
            raise RunError(
                f"Cannot write run '{folder}': it is the folder of the run that is trained with other photos, need "
                "another one, so that both can be compared. Choose another --out.", path=folder,
            )  # fmt: skip

    def make_catalog(self, *, cache: bool, is_shown: bool) -> Catalog:
        """Find the photos of the run by their content, and join the new ones.

        Raises
        ------
        RunError
            If photos of the run are missing or changed.
        """
        folder = self.record["photos"].get("folder")
        with show_progress("Finding photos", is_shown=is_shown) as progress:
            found = find_photos(self.photos, folder, self.added, cache=cache, progress=progress)
        if found.missing or found.changed:
            raise RunError(_explain_missing(self.side.folder, found, self.side.counts.total()), path=self.side.folder)
        photos = self.photos
        if self.settings.near_copies == "together":  # they are searched for again, without the forgotten ones
            photos = tuple(replace(photo, near_copies=None) for photo in photos)
        kept = replace(
            make_catalog(photos, found, self.record), is_recorded=False, compared_features=None,
            source=join_names(self.sources), sources=self.sources,
        )  # fmt: skip
        with show_progress("Scanning", is_shown=is_shown) as progress:
            catalog = join_additions(kept, self.added, forgotten=self.forgotten, cache=cache, progress=progress)
        if len(catalog.labels) < 2:
            n, n_forgotten = self.side.counts.total(), sum(self.side.counts[digest] for digest in self.forgotten)
            share = f"all its {n:,} photos" if n == n_forgotten else f"{n_forgotten:,} of its {n:,} photos"
            raise CatalogError(
                f"Cannot train '{self.side.folder}' with other photos: got training photos of "
                f"{join_labels(catalog.labels) or 'no class'}, need at least 2 classes. "
                f"{f'The lists forget {share}. ' if n_forgotten else ''}Forget fewer photos, or add photos of other "
                "classes.", path=self.side.folder,
            )  # fmt: skip
        added = [photo for photo in catalog.photos if photo.digest not in self.side.photos]
        notes = join_suggested(catalog.notes, Run(self.side.folder).notes)
        return replace(catalog, notes=(*notes, *note_forgotten_before(added, self.side.folder)))

    def describe(
        self, catalog: Catalog, predictions: Mapping[str, SplitPredictions], decision: Decision | None,
        metrics: Mapping[str, Any],
    ) -> dict[str, Any]:  # fmt: skip
        """Return the record ``growth`` of the training with the other photos; see `describe_growth`."""
        after = make_side(catalog, predictions, tuple(metrics["classes"]), decision, metrics)
        return describe_growth(self.side, after, self.forgotten)


def is_run_folder(photos: object) -> bool:
    """Say whether a source of photos is a run, or names a run folder."""
    if isinstance(photos, Run):
        return True
    if not isinstance(photos, str | Path) or "://" in str(photos):
        return False
    folder = Path(photos).expanduser()
    return (folder / "metrics.json").is_file() and (folder / "catalog.csv").is_file()


def explain_run(run: object) -> str:
    """Say why a run alone is not trained on."""
    return (
        f"Cannot train on '{run.folder if isinstance(run, Run) else run}': got a run without --add or --forget, need "
        "photos. headstart replay trains it again; --add and --forget train it with more or fewer photos."
    )


def open_grown_run(
    run: object, add: object, forget: object, given: Mapping[str, Any], columns: ColumnNames, *, layout: str = "auto",
    group_from: str | None = None, cache: bool = True,
) -> GrownRun:  # fmt: skip
    """Read a run, its settings and the lists of photos to forget. No photo is looked for yet, unless a list needs it.

    Parameters
    ----------
    run
        A run, or its folder.
    add
        A source of photos, or a list of sources; None: nothing is added.
    forget
        A list of paths (a text file or a CSV), a path of a photo, or a list of these; None: nothing is forgotten.
    given
        Settings that the user gives, in place of those of the run.
    columns, layout, group_from
        How the added photos are read. Default of ``group_from``: as the run.

    Raises
    ------
    HeadstartError
        If the run, the sources, the lists or the settings cannot be used.
    """
    folder = _find_folder(run)
    record, photos = read_record(folder), read_run_photos(folder)
    side = read_side(folder, photos)
    settings = _choose_settings(record, given)
    added = None
    if add is None:
        refuse_reading(layout, columns, group_from)
    else:
        if group_from is None:
            group_from = (record.get("arguments") or {}).get("group_from")
        added = find_source(_list(add), columns, layout=layout, group_from=group_from)
        if added.kind == "embedded":
            raise RunError(
                f"Cannot add '{added.path}' to '{folder}': got the output of headstart embed, need photos. Give the "
                "photos that were embedded.", path=folder,
            )  # fmt: skip
    if forget is not None:
        names = read_forgotten_names(_list(forget))
        place = make_path(record["photos"].get("folder") or "")
        digests = find_forgotten(names, photos, place, str(folder), cache=cache)
        photos = tuple(photo for photo in photos if photo.digest not in digests)
    names_before = record["photos"].get("sources") or [str(record["photos"].get("source") or folder)]
    names_added = () if added is None else added.names or (added.name,)
    return GrownRun(side, record, photos, added, settings, tuple(dict.fromkeys([*names_before, *names_added])))


def _list(given: object) -> list[Any]:
    return list(given) if isinstance(given, list) else [given]


def _find_folder(run: object) -> Path:
    one = run[0] if isinstance(run, list) and len(run) == 1 else run
    if not is_run_folder(one):
        given = " ".join(map(str, run)) if isinstance(run, list) else str(run)
        hint = "To train on several sources, name them: headstart train pets/ more/."
        if isinstance(one, str | Path) and "://" not in str(one) and not Path(one).expanduser().exists():
            hint = "It does not exist: check the path."
        raise RunError(
            f"Cannot add to or forget from '{given[:100]}': got no run folder, need one run that training wrote. {hint}"
        )
    return one.folder if isinstance(one, Run) else Path(str(one)).expanduser()


def _choose_settings(record: dict[str, Any], given: Mapping[str, Any]) -> Settings:
    """Return the settings of the classifier of a run, with the given ones in place of them.

    With another method or network, the settings that belong to that of the run have their defaults.
    """
    defaults = {one.name: one.default for one in fields(Settings) if one.default is not MISSING}
    splitting = [name_setting(name) for name in OF_SPLIT if given.get(name, defaults[name]) != defaults[name]]
    if splitting:
        raise FitError(
            f"Cannot train a run with other photos and {' and '.join(splitting)}: the photos of the run keep their "
            "splits. Leave it out, or train anew on all photos."
        )
    settings = replace(choose_settings(record, repeats_search=False), **{name: defaults[name] for name in OF_SPLIT})
    if given.get("method", settings.method) != settings.method:
        settings = replace(settings, **{name: defaults[name] for name in OF_METHOD})
    if given.get("backbone", settings.backbone) != settings.backbone:
        settings = replace(settings, **{name: defaults[name] for name in (*OF_METHOD, "image_size")})
    try:
        return replace(settings, **given)
    except TypeError as error:
        raise FitError(f"Cannot train: {str(error).split('() ')[-1]}.") from None


def _explain_missing(folder: Path, found: FoundPhotos, n: int) -> str:
    lost = [*found.missing, *found.changed]
    lines = [
        f"Cannot train '{folder}' with other photos: {count_photos(len(lost))} of its {n:,} "
        f"{'is' if len(lost) == 1 else 'are'} missing or changed:",
        *(f"  {name}" for name in lost[:N_NAMED]),
        *([f"  and {len(lost) - N_NAMED:,} more"] if len(lost) > N_NAMED else []),
        "Put them back, give the folder where they lie now with --add, or leave them out with --forget.",
    ]
    return "\n".join(lines)
