"""Versions of installed packages, found without importing them."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def find_version(distribution: str, package: str) -> str:
    """Return the version of an installed distribution, by the folder that its installer left beside its package.

    `importlib.metadata` knows it, too, but takes 20 ms to import and parses a file; it is asked where that folder is
    not found.

    Parameters
    ----------
    distribution, package
        What is installed and what is imported, such as ``"cykooz.resizer"`` and ``"cykooz_resizer"``.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If it is not installed.

    Examples
    --------
    >>> find_version("numpy", "numpy") == __import__("numpy").__version__
    True
    """
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # a module that was put together by hand
        spec = None
    if spec is not None and spec.origin is not None:
        # name and version as in the name of a wheel (packaging.python.org, "Recording installed projects")
        stem = distribution.replace(".", "_").replace("-", "_")
        folders = [path.parent for path in Path(spec.origin).parents[1].glob(f"{stem}-*.dist-info/METADATA")]
        if len(folders) == 1:
            return folders[0].name.removeprefix(f"{stem}-").removesuffix(".dist-info")
    from importlib.metadata import version

    return version(distribution)


def is_installed(package: str) -> bool:
    """Say whether a package could be imported, without importing it.

    Examples
    --------
    >>> is_installed("numpy"), is_installed("no_such_package")
    (True, False)
    """
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # a module that was put together by hand
        return True
