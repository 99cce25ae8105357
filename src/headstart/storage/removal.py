"""What was removed from a store of the cache, and why something was not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Removal:
    """What was removed from one store, to be filled in while it is removed.

    Attributes
    ----------
    store
        Name of the store, such as ``features``.
    what
        What was removed, for a table.
    n_items, n_bytes
        Number of rows or files, and their size.
    problems
        Reasons why something of the photos may still be there; none if all is removed.
    is_undone
        Whether nothing was removed, because the store could not be changed.
    """

    store: str
    what: str
    n_items: int = 0
    n_bytes: int = 0
    problems: list[str] = field(default_factory=list)
    is_undone: bool = False

    def undo(self, reason: str) -> None:
        """Note that nothing was removed, and why."""
        self.n_items, self.n_bytes, self.is_undone = 0, 0, True
        self.problems.append(f"nothing was removed: {reason}")

    def add(self, n_items: int, n_bytes: int) -> None:
        """Count items that were removed."""
        self.n_items += n_items
        self.n_bytes += n_bytes

    def delete(self, path: Path) -> None:
        """Delete a file and count it; if that fails, note why."""
        try:
            n_bytes = path.lstat().st_size
            path.unlink()
        except FileNotFoundError:  # another process has deleted it
            return
        except OSError as error:
            self.problems.append(f"'{path}' cannot be deleted: {error.strerror or error}")
            return
        self.add(1, n_bytes)

    def delete_folder(self, folder: Path) -> None:
        """Delete a folder and count its files."""
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_symlink() or not path.is_dir():
                self.delete(path)
            else:
                self._delete_empty(path)
        self._delete_empty(folder)

    def _delete_empty(self, folder: Path) -> None:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            self.problems.append(f"'{folder}' cannot be deleted: {error.strerror or error}")

    def to_dict(self) -> dict[str, Any]:
        """Return the record for JSON."""
        return {
            "store": self.store, "what": self.what, "n_items": self.n_items, "n_bytes": self.n_bytes,
            "problems": list(dict.fromkeys(self.problems)),
        }  # fmt: skip
