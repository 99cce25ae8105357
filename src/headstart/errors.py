"""Every error that Headstart raises on purpose, and every warning, on one page.

A message reads ``Cannot <verb> <object>: got <what>, need <rule>. <Next step.>`` and is meant for the person
who typed the command: it names what was wrong and what to do next, and the command line prints it alone.
"""

from __future__ import annotations

from pathlib import Path


class HeadstartError(Exception):
    """The base of the family: catch this one to catch them all.

    Attributes
    ----------
    path
        The file or folder that the error is about, or None.
    label
        The class name that it is about, or None.
    extra
        The extra of this package that would mend it (``tune`` for ``pip install 'headstart[tune]'``), or None.
    """

    def __init__(
        self, message: str = "", *, path: str | Path | None = None, label: str | None = None, extra: str | None = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.label = label
        self.extra = extra


class CatalogError(HeadstartError):
    """A folder or CSV cannot become a catalog of labelled photos."""


class PhotoError(HeadstartError):
    """One photo cannot be decoded. The message is the reason alone; the caller knows the path."""


class UnreadableError(PhotoError):
    """One photo cannot be read now: not for what it is, but for where it lies."""


class BackboneError(HeadstartError):
    """A backbone's weights or spec cannot be used."""


class CacheError(HeadstartError):
    """The cache of features cannot be used."""


class FitError(HeadstartError):
    """A head cannot be fitted to these features and labels."""


class EvaluationError(HeadstartError):
    """Numbers cannot be judged or drawn."""


class ClassifierError(HeadstartError):
    """A classifier file cannot be loaded, or does not fit what it is asked to do."""


class ExportError(HeadstartError):
    """A classifier cannot be exported, or the export answers otherwise."""


class ServeError(HeadstartError):
    """A classifier cannot be served."""


class ScaleError(HeadstartError):
    """A cluster cannot be used, or features cannot be written where they are to be."""


class RunError(HeadstartError):
    """A run folder cannot be written."""


class RunMovedError(RunError):
    """A run is whole, but its name was taken meanwhile: ``folder`` is where it is."""

    def __init__(self, message: str, folder: Path) -> None:
        super().__init__(message, path=folder)
        self.folder = folder


class MissingExtraError(HeadstartError):
    """A feature needs a package that is not installed; the message names the extra."""


class HeadstartWarning(UserWarning):
    """The base of the warnings. Headstart goes on; docs/notes.md has a section for each ``code``."""

    code = "note"


class CacheWarning(HeadstartWarning):
    """The cache of features cannot be used, or a damaged one was replaced."""

    code = "cache"


class DeviceWarning(HeadstartWarning):
    """A GPU is there and cannot be used."""

    code = "gpu"


class TrackingWarning(HeadstartWarning):
    """A run is written, but its tracker failed."""

    code = "tracking"
