"""What a run, or a classifier file, knows: its classifier, its labelled photos, and how to compute its features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.backbone.loading import open_setup
from headstart.backbone.names import Sizes
from headstart.backbone.pooled_stages import FEATURES, pool_stages
from headstart.backbone.view_averaging import average_views
from headstart.catalog.photo import Photo
from headstart.classifier.file import ClassifierFile, read_classifier
from headstart.classifier.metadata import Metadata
from headstart.classifier.refusal import AUTO
from headstart.classifier.rules import AnswerRules
from headstart.engine.processor import list_capabilities
from headstart.errors import BackboneError, MissingExtraError, RunError
from headstart.exports.int8 import extract_backbone
from headstart.features.extraction import Features, extract_features
from headstart.features.feature_cache import open_feature_cache
from headstart.head.linear import LinearHead
from headstart.methods.extraction_choice import MAX_WIDE
from headstart.methods.settings import Settings
from headstart.pixels.views import SYMMETRIES
from headstart.process.progress import show_progress
from headstart.runs.run import Run
from headstart.runs.run_record import read_record
from headstart.runs.run_tables import read_run_photos
from headstart.storage.photo_folder import join_folder, read_photo_folder

RECORD = "metrics.json"  # a folder with this file is a run
MODEL = "model.onnx"
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Knowledge:
    """What is known before photos are suggested.

    Attributes
    ----------
    name
        Name of the run or of the file; empty without one.
    setup
        Network whose features are compared: a pretrained one, without the means of lower stages, or the classifier's.
    settings
        Settings by which features are extracted, so that those in the cache are found.
    contents
        The classifier, or None.
    folder
        Folder of the run, or None.
    sources
        Where the photos of the run came from: folders, tables and so on, as far as they are known.
    photos
        Photos of the run, at the paths where they lay when it was written. Empty for a classifier file.
    features
        Features of the classifier, as `pool_stages` names them for the network of ``setup``.
    """

    name: str
    setup: BackboneSetup
    settings: Settings
    contents: ClassifierFile | None = None
    folder: Path | None = None
    sources: tuple[str, ...] = ()
    photos: tuple[Photo, ...] = ()
    features: str = "last"

    @property
    def n_learned(self) -> int:
        """Number of photos that the classifier was trained on."""
        return 0 if self.contents is None else len(self.contents.metadata.trained_on)

    def has_seen(self, digest: str) -> bool:
        """Say whether the classifier was trained on a photo, by its SHA-256 in hex."""
        return self.contents is not None and self.contents.metadata.has_seen(digest)

    def judge(
        self, photos: Sequence[Photo], features: Features, *, cache: bool, verbose: bool
    ) -> tuple[Floats, Floats | None]:
        """Return the probabilities (N, C) and the novelties (N,) of photos whose features are known.

        Only for knowledge with a classifier. If it averages views, the features of the other views are read from the
        cache or computed. There are no novelties if it cannot tell them.
        """
        contents = self._require()
        X = self._average(photos, features, contents, cache=cache, verbose=verbose)
        test = contents.novelty
        probabilities = LinearHead(contents.weights, contents.bias).probabilities(X)
        return probabilities, None if test is None else test.measure(X[:, -len(test.mean) :])

    @cached_property
    def rules(self) -> AnswerRules:
        """The rules by which the classifier answers. Only for knowledge with one."""
        return AnswerRules.make(self._require().metadata, AUTO, None)

    def _require(self) -> ClassifierFile:
        assert self.contents is not None  # noqa: S101  for the type checker
        return self.contents

    def _average(
        self, photos: Sequence[Photo], features: Features, contents: ClassifierFile, *, cache: bool, verbose: bool
    ) -> Floats:
        """Return features (N, D) as the classifier takes them: on average over its views."""
        n = len(contents.weights)
        if contents.metadata.n_averaged == 1:
            return features.matrix[:, -n:]
        views = [features.matrix[:, -n:]]
        setup = replace(self.setup, backbone=pool_stages(self.setup.backbone, self.features))
        with open_feature_cache(cache=cache) as store:
            for view in SYMMETRIES[1 : contents.metadata.n_averaged]:
                with show_progress("Extracting views", is_shown=verbose) as progress:
                    found = extract_features(
                        photos, setup, views=[view] * len(photos), feature_cache=store, progress=progress
                    )
                views.append(found.matrix)
        averaged: Floats = average_views(np.stack(views))
        return averaged


def is_run(place: object) -> bool:
    """Say whether a place is a run, its folder, or a classifier file."""
    if isinstance(place, Run):
        return True
    if not isinstance(place, str | Path) or not str(place).strip():
        return False
    path = Path(place).expanduser()
    return (path / RECORD).is_file() or (path.suffix == ".onnx" and path.is_file())


def find_run(place: Path) -> Path:
    """Return the run folder that a classifier file lies in, if the file is that of the run; else the place itself."""
    folder = place.parent
    is_whole = place.name == MODEL and (folder / RECORD).is_file() and (folder / "catalog.csv").is_file()
    return folder if is_whole and place.is_file() else place


def open_pretrained(backbone: str, image_size: Sizes = None, depth: int = 16) -> Knowledge:
    """Return what is known without a run: the pretrained network alone."""
    settings = Settings(method="fixed", backbone=backbone, image_size=image_size, depth=depth)
    return Knowledge(name="", setup=open_setup(backbone, image_size, depth=depth), settings=settings)


def open_knowledge(run: Run | str | Path, n_photos: int = 0) -> Knowledge:
    """Return what a run or a classifier file knows.

    If the network of the classifier is a pretrained one that is installed here, its features are those that trainings
    cache. Else the network is taken from the classifier file, and its features are cached under its own name.

    Parameters
    ----------
    n_photos
        Number of photos that will be compared: of many, only the features of the classifier are extracted.

    Raises
    ------
    HeadstartError
        If the run or the file cannot be read.
    """
    folder = run.folder if isinstance(run, Run) else find_run(Path(run).expanduser())
    photos: tuple[Photo, ...] = ()
    if isinstance(run, Run) or folder.is_dir() or not folder.exists():
        Run(folder)  # raises an error if it is none
        is_file = False
        contents, photos, name = read_classifier(folder), _list_photos(folder), folder.resolve().name
    else:
        contents, name, is_file = read_classifier(folder), folder.stem, True
    metadata = contents.metadata
    pretrained = _find_pretrained(metadata)
    if pretrained is None:
        own = replace(extract_backbone(contents), is_quantised=metadata.is_quantised)
        setup, features = BackboneSetup(own, metadata.image_size, _choose_precision(metadata), metadata.depth), "last"
    else:
        setup, features = pretrained
    wanted = "auto" if pretrained is not None and (features == "last" or n_photos <= MAX_WIDE) else features
    settings = Settings(method="fixed", features=wanted, depth=metadata.depth)
    return Knowledge(
        name=name, setup=setup, settings=settings, contents=contents, folder=None if is_file else folder,
        sources=() if is_file else _list_sources(folder), photos=photos, features=features,
    )  # fmt: skip


def _list_photos(folder: Path) -> tuple[Photo, ...]:
    """Return the photos of a run with the paths where they lay."""
    place = read_photo_folder(folder / "catalog.csv")
    photos = read_run_photos(folder)
    return photos if place is None else tuple(replace(one, file=join_folder(place, one.file)) for one in photos)


def _list_sources(folder: Path) -> tuple[str, ...]:
    """Return where the photos of a run came from; nothing of runs of earlier versions."""
    try:
        record = read_record(folder)["photos"]
    except RunError:
        return ()
    here = Path(str(record.get("working_folder") or ""))
    names = record.get("sources") or [record.get("source")]
    return tuple(str(here / Path(str(name)).expanduser()) for name in names if name)


def _find_pretrained(metadata: Metadata) -> tuple[BackboneSetup, str] | None:
    """Return the setup of a pretrained network, and the kind of features, that are those of a classifier; or None."""
    if metadata.is_quantised:
        return None
    try:
        plain = open_setup(metadata.spec.name)
    except (BackboneError, MissingExtraError):
        return None
    setup = BackboneSetup(plain.backbone, metadata.image_size, _choose_precision(metadata), metadata.depth)
    wanted = metadata.spec.fingerprint()
    for features in FEATURES:
        if pool_stages(setup.backbone, features).spec.fingerprint() == wanted:
            return setup, features
    return None


def _choose_precision(metadata: Metadata) -> str:
    """Return the precision of the classifier, if the processor has it."""
    is_there = metadata.precision in ("f32", "int8") or metadata.precision.upper() in list_capabilities()
    return metadata.precision if is_there else "auto"
