"""What the detectors look at: the photos of a set, with labels, features and measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from headstart.backbone.backbone import BackboneSetup
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.features.near_copy_groups import NearCopies
from headstart.features.neighbours import Nearest, find_nearest
from headstart.inspection.finding import Finding
from headstart.pixels.header_facts import HeaderFacts, read_all_header_facts, read_header_facts

N_NEAREST = 30


@dataclass(frozen=True, eq=False, kw_only=True)
class PhotoSet:
    """N different photos that can be decoded, of C classes.

    Attributes
    ----------
    catalog
        All files with labels, copies and conflicting labels included. Files that cannot be used are in ``skipped``.
        A photo has the split that its folder or its row names, or None.
    photos
        One photo for each content with one label, sorted by digest.
    labels
        Names of the classes, sorted.
    y
        (N,) class numbers, positions in ``labels``.
    X
        (N, D) float32 features, as `extract_features` gives them.
    units
        (N,) names of photos that are held out together: those of one group, and near copies. None: each alone.
    near_copies
        Near copies among the photos.
    damaged
        Reasons, by digest, of photos that were decoded although their data is damaged.
    measures
        (N, 8) float32 measures of the grey photo at the size of the network's input, in the order of `PhotoMeasures`
        (see `take_measure`); NaN if they are not known.
    setup
        Network and image size of the features, as pretrained: ``X`` may have the means of lower stages before those of
        the last. None: it is not known.
    """

    catalog: Catalog
    photos: tuple[Photo, ...]
    labels: tuple[str, ...]
    y: npt.NDArray[np.int64]
    X: npt.NDArray[np.float32]
    units: Sequence[str] | None = None
    near_copies: NearCopies = field(default_factory=lambda: NearCopies((), {}))
    damaged: Mapping[str, str] = field(default_factory=dict)
    measures: npt.NDArray[np.float32] | None = None
    setup: BackboneSetup | None = None

    @property
    def n_last(self) -> int:
        """Number of features that are the means of the last stage: the last ones. All, if the network is not known."""
        return self.X.shape[1] if self.setup is None else self.setup.spec.n_features

    @cached_property
    def facts(self) -> Sequence[HeaderFacts | None]:
        """Facts in the header of each photo file; None for photos in stores and shards. They are read once."""
        return read_all_header_facts([photo.path for photo in self.photos])

    def read_facts(self, n: int) -> HeaderFacts | None:
        """Return the facts of one photo; only its header is read, unless those of all photos were."""
        return self.facts[n] if "facts" in self.__dict__ else read_header_facts(self.photos[n].path)

    @cached_property
    def nearest(self) -> Nearest:
        """Numbers (N, 30) and cosines (N, 30) of the nearest photos of other units; see `find_nearest`. Found once."""
        return find_nearest(self.X, N_NEAREST, self.units)

    def find(
        self, kind: str, at: Sequence[int], *, score: float, evidence: str, label: str | None = None,
        suggested: str | None = None, gain: float | None = None, suggested_probability: float | None = None,
    ) -> Finding:  # fmt: skip
        """Return a finding about the photos at some row numbers. The default label is that of the first photo."""
        photos = [self.photos[n] for n in at]
        label = photos[0].label if label is None and photos else label
        return Finding(
            kind=kind, photos=tuple(photo.file for photo in photos), digests=tuple(photo.digest for photo in photos),
            label=label, suggested=suggested, score=score, evidence=evidence, gain=gain,
            suggested_probability=suggested_probability,
        )  # fmt: skip
