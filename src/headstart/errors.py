"""All errors and warnings that Headstart raises on purpose.

A message reads ``Cannot <verb> <object>: got <what>, need <rule>. <Next step.>`` It tells the user what is wrong and
what to do next. The command line prints the message alone, without a traceback.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


class HeadstartError(Exception):
    """Base class of all errors. The message is complete; the attributes repeat parts of it for programs.

    Attributes
    ----------
    path
        File or folder that cannot be used, or None.
    label
        Class name that cannot be used, or None.
    extra
        Extra of this package to install (``tune`` for ``pip install 'headstart[tune]'``), or None.
    """

    def __init__(
        self, message: str = "", *, path: str | Path | None = None, label: str | None = None, extra: str | None = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.label = label
        self.extra = extra


class CatalogError(HeadstartError):
    """A folder, a table or tar shards cannot become a catalog of labelled photos."""


class PhotoError(HeadstartError):
    """A photo cannot be decoded. The message is the reason alone; the caller knows the path."""


class UnreadableError(PhotoError):
    """The bytes of a photo cannot be read now. Another try may succeed: the photo itself is not the reason."""


class BackboneError(HeadstartError):
    """The weights or the spec of a backbone cannot be used."""


class CacheError(HeadstartError):
    """A cache of features or activations cannot be used."""


class FitError(HeadstartError):
    """A head or a network cannot be trained on these photos, labels or settings."""


class EvaluationError(HeadstartError):
    """Metrics cannot be computed from these numbers, or a figure cannot be drawn."""


class RunError(HeadstartError):
    """A run folder, an audit folder or a figure cannot be written, or a run cannot be read or tracked."""


class RunMovedError(RunError):
    """A run is complete, but in another ``folder``: its own name was taken meanwhile."""

    def __init__(self, message: str, folder: Path) -> None:
        super().__init__(message, path=folder)
        self.folder = folder

    def __reduce__(self) -> tuple[type[RunMovedError], tuple[str, Path]]:
        return type(self), (str(self), self.folder)


class AuditError(HeadstartError):
    """Findings cannot be selected or written, or decisions about them cannot be applied."""


class ClassifierError(HeadstartError):
    """A classifier file cannot be loaded, or cannot be used for this task."""


class ExportError(HeadstartError):
    """A classifier cannot be exported, or the export gives other answers than the classifier."""


class DisagreementError(ExportError):
    """An export is refused because it disagrees with its classifier. ``report`` is what the comparison found."""

    def __init__(self, message: str, report: dict[str, Any]) -> None:
        super().__init__(message, path=report["path"])
        self.report = report


class ServeError(HeadstartError):
    """The service cannot listen at its address."""


class ScaleError(HeadstartError):
    """A cluster cannot be used, or features cannot be written to their folder."""


class MissingExtraError(HeadstartError):
    """A package is not installed. ``extra`` is the extra that brings it."""


class HeadstartWarning(UserWarning):
    """Base class of all warnings: the work goes on. docs/notes.md has a section for each ``code``."""

    code = "note"


class CacheWarning(HeadstartWarning):
    """The cache of features cannot be used, or a damaged file was replaced."""

    code = "cache"


class DeviceWarning(HeadstartWarning):
    """A GPU is present but cannot be used."""

    code = "gpu"


class TrackingWarning(HeadstartWarning):
    """A run is complete, but the tracker failed."""

    code = "tracking"
