"""Which packages are installed and in which version, found without importing them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from headstart.errors import MissingExtraError


def find_version(distribution: str, package: str) -> str:
    """Return the version of an installed distribution, from the name of the package's ``.dist-info`` folder.

    The two names are those to install by and to import, such as ``cykooz.resizer`` and ``cykooz_resizer``.
    `importlib.metadata` is asked only without such a folder: it adds 26 ms to ``headstart predict`` of one photo.
    """
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # a module without a spec, made by a program
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
    """Say whether a package can be imported, without importing it."""
    try:
        return importlib.util.find_spec(package) is not None
    except ValueError:  # a module without a spec, made by a program
        return True


def name_install_command(extra: str) -> str:
    """Return the command that installs an extra, with quotes for shells that expand brackets."""
    return f"pip install 'headstart[{extra}]'"


def require_packages(action: str, extra: str, *packages: str, hint: str = "") -> None:
    """Raise the error of `make_missing_extra` if one of the packages is not installed."""
    missing = [package for package in packages if not is_installed(package)]
    if missing:
        raise make_missing_extra(action, extra, *missing, hint=hint)


def make_missing_extra(
    action: str, extra: str, *packages: str, hint: str = "", command: str | None = None
) -> MissingExtraError:
    """Return the error that names missing packages and the command that installs them; a hint follows in brackets.

    Parameters
    ----------
    command
        Default: ``pip install`` with the extra.

    Examples
    --------
    >>> print(make_missing_extra("train by hybrid", "tune", "torch"))
    Cannot train by hybrid: got no package 'torch', need it. Install it with: pip install 'headstart[tune]'
    """
    names = " and ".join(f"'{package}'" for package in packages)
    noun, them = ("package", "it") if len(packages) == 1 else ("packages", "them")
    return MissingExtraError(
        f"Cannot {action}: got no {noun} {names}, need {them}. "
        f"Install {them} with: {command or name_install_command(extra)}{f' ({hint})' if hint else ''}",
        extra=extra,
    )
