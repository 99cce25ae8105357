"""What `forget_photos` removed, as a statement to keep: JSON or text."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.evaluation.words import count_photos
from headstart.features.activation_files import describe_size
from headstart.features.forgotten_rows import Counts
from headstart.process.terminal_text import escape_name
from headstart.runs.file_traces import FileTrace
from headstart.runs.photo_traces import Trace
from headstart.storage.removal import Removal
from headstart.training.forgotten_photos import ForgottenPhoto
from headstart.version import __version__

NEAR_COPIES = "near_copies.csv"
NOT_ENDED = "the removal has not ended"
N_IN_COMMAND = 3  # photos of a run that are named in a command; for more, a list is written
N_SHOWN = 3  # problems of a store
OF_ANY_PHOTO = frozenset({"results", "files of Ray", "other versions"})  # stores that are always deleted whole
NOT_SEARCHED = (
    "No folder of runs was searched: the working folder has no runs/ and no audits/. To search one, run the command "
    "again with --runs FOLDER."
)
NOT_REMOVED = (
    "The photo files themselves, and copies of them elsewhere.",
    "Near copies: a photo that was saved again, resized or mirrored is another photo. near_copies.csv of a run lists "
    "them. Forget them, too, if they must go.",
    "Files that were written outside of the cache, such as the output of headstart embed and exported classifiers.",
    "Whatever a Python program that uses headstart and is running now writes later. Run the command again after it.",
    "Backups and snapshots of the cache folder. Blocks of the disk that held deleted files are free, and are "
    "overwritten when the system uses them again.",
)
RUNS_STAY = (
    "The runs and audits that hold them: their classifiers learned from the photos, and their files name or show them."
)
FILES_STAY = "The other files above that name them."


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What was removed from the cache, and what holds the photos still.

    Attributes
    ----------
    photos
        Photos to forget. A photo with several paths, or a path with several contents, is several of them.
    skipped
        Path and reason of each file in a given folder that is no photo.
    removals
        What was removed from each store.
    counts
        Number of rows that were removed, by digest and table.
    known_paths
        Paths of the photos that the cache knew, by digest.
    traces
        Runs and audits that hold the photos.
    files
        Other files in the searched folders that name the photos.
    unsearched
        A sentence for each run, audit or file that could not be searched, or not as a whole.
    searched
        Folders that were searched for runs and audits.
    cache
        Folder of the cache.
    unknown
        Names in the folder of the cache that are no store of headstart. They were not searched.
    time
        Time of the removal, in UTC.
    is_finished
        Whether the removal has ended. False in the statement that is written before it.
    """

    photos: tuple[ForgottenPhoto, ...]
    skipped: tuple[tuple[str, str], ...]
    removals: tuple[Removal, ...]
    counts: Counts
    known_paths: dict[str, list[str]]
    traces: tuple[Trace, ...]
    files: tuple[FileTrace, ...] = ()
    unsearched: tuple[str, ...]
    searched: tuple[Path, ...]
    cache: Path
    unknown: tuple[str, ...]
    time: str
    is_finished: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the photos is in the cache any more."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """Reasons why something of the photos may still be in the cache, or may be written again, by store."""
        found = [f"{removal.store}: {reason}" for removal in self.removals for reason in removal.problems]
        return (*dict.fromkeys(found), *([] if self.is_finished else [NOT_ENDED]))

    @property
    def first_problems(self) -> tuple[str, ...]:
        """The first problems of each store, and how many others it has, such as files that cannot be deleted."""
        shown = []
        for store, problems in itertools.groupby(self.problems, lambda problem: problem.partition(": ")[0]):
            first, *others = problems
            few = others[: N_SHOWN - 1]
            shown += [first, *few]
            if len(others) > len(few):
                shown.append(f"{store}: {len(others) - len(few):,} more such problems")
        return tuple(shown)

    @property
    def not_removed(self) -> tuple[str, ...]:
        """What the command leaves as it is, in sentences."""
        near = [str(trace.folder) for trace in self.traces if NEAR_COPIES in trace.naming]
        first, *others = NOT_REMOVED
        held = [RUNS_STAY] * bool(self.traces) + [FILES_STAY] * bool(self.files)
        known = [f"{NEAR_COPIES} of {', '.join(near)} names near copies of these photos."] * bool(near)
        return (first, *held, *others, *known)

    @property
    def n_photos(self) -> int:
        """Number of different photos."""
        return len({photo.digest for photo in self.photos})

    @property
    def was_cached(self) -> bool:
        """Whether a store that tells photos apart had something of the photos."""
        return any(removal.n_items for removal in self.removals if removal.store not in OF_ANY_PHOTO)

    def to_dict(self) -> dict[str, Any]:
        """Return the statement for JSON."""
        return {
            "schema": 1, "headstart": __version__, "time": self.time, "cache": str(self.cache),
            "is_finished": self.is_finished, "is_complete": self.is_complete,
            "problems": list(self.problems), "was_cached": self.was_cached, "n_photos": self.n_photos,
            "photos": self._list_photos(),
            "skipped": [{"path": path, "reason": reason} for path, reason in self.skipped],
            "stores": [removal.to_dict() for removal in self.removals],
            "runs": [trace.to_dict() for trace in self.traces],
            "files": [file.to_dict() for file in self.files],
            "searched_for_runs": [str(folder) for folder in self.searched], "runs_not_searched": list(self.unsearched),
            "not_removed": list(self.not_removed), "unknown_files_in_the_cache": list(self.unknown),
        }  # fmt: skip

    def _list_photos(self) -> list[dict[str, Any]]:
        paths: dict[str, list[str]] = {}
        sources: dict[str, set[str]] = {}
        for photo in self.photos:
            paths.setdefault(photo.digest, []).extend([] if photo.path is None else [photo.path])
            sources.setdefault(photo.digest, set()).add(photo.source)
        runs: dict[str | None, list[str]] = {}
        for trace in self.traces:
            for row in trace.photos:
                runs.setdefault(row["digest"], []).append(str(trace.folder))
        files: dict[str, list[str]] = {}
        for file in self.files:
            for digest in file.digests:
                files.setdefault(digest, []).append(str(file.path))
        return [
            {
                "digest": digest, "paths": paths[digest], "digest_from": sorted(sources[digest]),
                "removed_rows": self.counts.get(digest, {}), "removed_paths": self.known_paths.get(digest, []),
                "runs": list(dict.fromkeys(runs.get(digest, []))), "files": files.get(digest, []),
            }
            for digest in paths
        ]  # fmt: skip

    @property
    def lists(self) -> list[tuple[int, list[str]]]:
        """Digests for files beside the statement, numbered from 1, for the runs that hold many; equal ones once."""
        return list(enumerate(self._long_lists, 1))

    @property
    def _long_lists(self) -> list[list[str]]:
        held = [sorted(trace.list_digests()) for trace in self.traces if trace.kind == "run"]
        return [list(one) for one in dict.fromkeys(tuple(one) for one in held if len(one) > N_IN_COMMAND)]

    def describe(self, out: Path | None = None, *, with_photos: bool = False) -> Iterator[str]:
        """Yield the lines of the statement for people; ``out`` is the path of the statement."""
        n = count_photos(self.n_photos)
        where = f"the cache '{escape_name(str(self.cache))}'"
        if not self.is_finished:
            yield f"The removal of {n} from {where} has not ended. Run the command again."
        elif not self.is_complete:
            yield f"Not everything of {n} was removed from {where}."
        elif self.was_cached:
            yield f"Removed all of {n} from {where}."
        else:
            yield f"Nothing of {n} was in {where}."
        for removal in self.removals:
            if removal.n_items:
                size = describe_size(removal.n_bytes)
                yield f"  {removal.store:<20}  {removal.n_items:>9,}  {size:>9}  {removal.what}"
        for problem in self.first_problems:
            yield f"  Not complete: {problem}."
        if self.skipped:
            such = escape_name(self.skipped[0][0])
            yield f"{len(self.skipped):,} files in the folders are no photos, such as '{such}'."
        if with_photos:
            yield from self._describe_photos()
        yield from self._describe_traces(out)
        yield "Not removed:"
        yield from (f"  {sentence}" for sentence in map(escape_name, self.not_removed))
        if self.unknown:
            yield f"  Not searched, because headstart did not write it: {escape_name(', '.join(self.unknown))}"
        yield f"{self.time}, headstart {__version__}"

    def _describe_photos(self) -> Iterator[str]:
        """Yield the lines on each photo, for the file: on a terminal they would be too many."""
        yield "Photos:"
        for photo in self._list_photos():
            yield f"  {photo['digest']}"
            removed = [f"{n:,} of {table}" for table, n in photo["removed_rows"].items() if n]
            yield from (f"    given as: {escape_name(path)}" for path in photo["paths"])
            yield f"    removed rows: {', '.join(removed) or 'none'}"
            yield from (f"    removed path: {escape_name(path)}" for path in photo["removed_paths"])
            yield from (f"    held by: {escape_name(folder)}" for folder in photo["runs"])
            yield from (f"    named in: {escape_name(file)}" for file in photo["files"])

    def _describe_traces(self, out: Path | None) -> Iterator[str]:
        searched = ", ".join(escape_name(str(folder)) for folder in self.searched)
        if not self.traces:
            yield f"No run or audit in {searched} holds them." if searched else NOT_SEARCHED
        for trace in self.traces:
            splits = ", ".join(f"{n:,} in {split}" for split, n in trace.count_splits().items())
            yield f"{escape_name(str(trace.folder))} holds {count_photos(len(trace.photos))}{splits and f': {splits}'}"
            yield f"  named in: {', '.join(trace.naming) or '-'}"
            if trace.showing:
                yield f"  may be shown in: {', '.join(trace.showing)}"
            if trace.kind == "run":
                yield f"  To train without them: {self._write_command(trace, out)}"
        for file in self.files:
            yield f"{escape_name(str(file.path))} names {count_photos(len(file.digests))}"
            if file.showing:
                yield f"  may be shown in: {', '.join(escape_name(str(path)) for path in file.showing)}"
        yield from self.unsearched

    def _write_command(self, trace: Trace, out: Path | None) -> str:
        """Return the command that trains a run without the photos. A list has photos of this run alone."""
        named = sorted(trace.list_digests())
        if named in self._long_lists:
            number = self._long_lists.index(named) + 1
            named = ["LIST.txt" if out is None else str(name_list(out, number))]
        folder = str(trace.folder)
        words = [folder, *(word for name in named for word in ("--forget", name)), "--out", f"{folder}-without"]
        return "headstart train " + " ".join(map(shlex.quote, words))


def name_list(out: Path, number: int) -> Path:
    """Return the path of a list of photos beside the statement."""
    return out.with_name(f"{out.stem}-{number}.txt")
