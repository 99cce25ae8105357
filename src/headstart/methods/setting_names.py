"""Names of the settings of a training: as fields in Python, and as options on the command line."""

from __future__ import annotations

# settings that are another word on the command line
_OPTIONS = {"n_views": "--views", "budget_s": "--budget", "cache_limit_gb": "--cache-limit"}


def name_option(setting: str) -> str:
    """Return the option of a setting on the command line.

    Examples
    --------
    >>> name_option("fit_on"), name_option("n_views")
    ('--fit-on', '--views')
    """
    return _OPTIONS.get(setting, f"--{setting.replace('_', '-')}")


def name_setting(setting: str) -> str:
    """Return the name of a setting for a message, with its option if that is written otherwise.

    Examples
    --------
    >>> name_setting("fit_on"), name_setting("seed")
    ('fit_on (--fit-on)', 'seed')
    """
    option = name_option(setting)
    return setting if option == f"--{setting}" else f"{setting} ({option})"
