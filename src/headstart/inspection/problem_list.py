"""One message for all problems of a table."""

from __future__ import annotations

from collections.abc import Sequence

N_TOLD = 10  # problems that a message lists; the others are counted


def describe_problems(action: str, problems: Sequence[str], next_step: str) -> str:
    """Return a message that begins with ``Cannot <action>`` and lists the first problems.

    Examples
    --------
    >>> print(describe_problems("read 'a.csv'", ["row 2 has no path"], "Correct it."))
    Cannot read 'a.csv': got 1 problem, need none:
      row 2 has no path
    Correct it.
    """
    told = [f"  {problem}" for problem in problems[:N_TOLD]]
    told += [f"  and {len(problems) - N_TOLD:,} more"] if len(problems) > N_TOLD else []
    got = f"{len(problems):,} problem{'' if len(problems) == 1 else 's'}"
    return "\n".join([f"Cannot {action}: got {got}, need none:", *told, next_step])
