"""Choose the photos to suggest: compute features, find near copies, and ask the classifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from headstart.catalog.photo import Photo, Skip
from headstart.evaluation.notes import Note
from headstart.features.near_copies import CopyPair
from headstart.features.near_copy_groups import group_near_copies
from headstart.head.clusters import reduce_features
from headstart.head.selection import Choice, Pool, choose_doubtful, choose_typical, measure_margins
from headstart.inspection.run_knowledge import Knowledge
from headstart.inspection.suggestion_reasons import explain_choice
from headstart.inspection.suggestions import Suggestion
from headstart.methods.near_copy_search import search_near_copies
from headstart.methods.training_context import TrainingContext
from headstart.process.progress import show_progress

FEWEST_LABELS = 20  # with fewer, small margins choose no better than chance
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Judgement = tuple[Floats, Floats | None]  # probabilities (N, C), and novelties (N,) if the classifier can tell them


@dataclass(frozen=True, kw_only=True)
class MadeChoice:
    """The photos that were chosen.

    Attributes
    ----------
    photos
        The suggestions, the most useful first.
    n_unlabelled, n_labelled
        Number of photos without and with a label whose features are known.
    n_gone
        Number of labelled photos that cannot be read.
    n_strange
        Number of photos without a label that the classifier would refuse.
    skipped
        Unlabelled photos that cannot be decoded, with reasons.
    notes
        Notes of the comparison.
    """

    photos: tuple[Suggestion, ...]
    n_unlabelled: int
    n_labelled: int
    n_gone: int
    n_strange: int
    skipped: list[Skip]
    notes: list[Note]


def choose_photos(
    unlabelled: Mapping[str, Photo], labelled: Mapping[str, Photo], known: Knowledge, context: TrainingContext, *,
    n: int, seed: int,
) -> MadeChoice:  # fmt: skip
    """Choose up to ``n`` of the unlabelled photos.

    Parameters
    ----------
    unlabelled, labelled
        Photos by digest. No digest is in both.
    """
    photos = sorted([*unlabelled.values(), *labelled.values()], key=lambda photo: photo.digest)
    compared = search_near_copies(photos, context, known.settings)
    features = compared.features
    assert features is not None  # noqa: S101  only a training that quantises its network has none
    failures = {photos[row]: reason for row, reason in sorted(features.failures.items())}
    skipped = [Skip(one.path, reason, one.digest) for one, reason in failures.items() if one.digest in unlabelled]
    if failures:
        kept = [row for row in range(len(photos)) if row not in features.failures]
        photos = [photos[row] for row in kept]
        features = replace(features, matrix=features.matrix[kept], failures={})
    is_labelled = np.array([photo.digest in labelled for photo in photos], bool)
    chosen: list[Suggestion] = []
    n_strange = 0
    if not is_labelled.all():
        judged = None
        if known.contents is not None:
            judged = known.judge(photos, features, cache=context.cache, verbose=context.verbose)
        with show_progress("Choosing", is_shown=context.verbose, unit="steps", is_even=False) as progress:
            progress(0, 1)
            rows = reduce_features(features.matrix)  # of all stages, if they were extracted: more is gained
            pool = _open_pool(photos, compared.pairs, is_labelled)
            is_strange = _mark_strange(known, judged, len(photos))
            n_strange = int((is_strange & ~is_labelled).sum())
            choices = _choose_rows(rows, is_labelled, is_strange, pool, known, judged, n, seed)
        chosen = [_describe(choice, photos, known, judged, has_labels=bool(is_labelled.any())) for choice in choices]
    return MadeChoice(
        photos=tuple(chosen), n_unlabelled=int((~is_labelled).sum()), n_labelled=int(is_labelled.sum()),
        n_gone=len(failures) - len(skipped), n_strange=n_strange, skipped=skipped, notes=compared.notes,
    )  # fmt: skip


def _open_pool(photos: Sequence[Photo], pairs: Sequence[CopyPair], is_labelled: Bools) -> Pool:
    """Return the photos that may be chosen: those without a label that are no near copy of one with a label."""
    pool = Pool(~is_labelled, list_copies({photo.digest: n for n, photo in enumerate(photos)}, pairs, len(photos)))
    for row in np.flatnonzero(is_labelled).tolist():
        pool.take(row)
    return pool


def list_copies(at: Mapping[str, int], pairs: Sequence[CopyPair], n_photos: int) -> dict[int, set[int]]:
    """Return the near copies of each photo that has some, by row, itself among them: also copies of one copy.

    Parameters
    ----------
    at
        Row of each photo, by digest; pairs of other photos are ignored.
    """
    copies: dict[int, set[int]] = {}
    for pair in pairs:
        _join([at[digest] for digest in (pair.first, pair.second) if digest in at], copies)
    groups: dict[str, list[int]] = {}
    for digest, name in group_near_copies(pairs, n_photos).names.items():
        if digest in at:
            groups.setdefault(name, []).append(at[digest])
    for rows in groups.values():
        _join(rows, copies)
    return copies


def _join(rows: Iterable[int], copies: dict[int, set[int]]) -> None:
    some = set(rows)
    for row in some:
        copies.setdefault(row, set()).update(some)


def _mark_strange(known: Knowledge, judged: Judgement | None, n_photos: int) -> Bools:
    """Return which photos the classifier would refuse."""
    if judged is None or judged[1] is None:
        return np.zeros(n_photos, bool)
    return np.array([not known.rules.is_known(novelty) for novelty in judged[1].tolist()], bool)


def _choose_rows(
    rows: Floats, is_labelled: Bools, is_strange: Bools, pool: Pool, known: Knowledge, judged: Judgement | None, n: int,
    seed: int,
) -> list[Choice]:  # fmt: skip
    if judged is None or max(int(is_labelled.sum()), known.n_learned) < FEWEST_LABELS:
        return choose_typical(rows, is_labelled, pool, n, seed=seed)
    return choose_doubtful(rows, measure_margins(judged[0]), is_strange, pool, n, seed=seed)


def _describe(
    choice: Choice, photos: Sequence[Photo], known: Knowledge, judged: Judgement | None, *,
    has_labels: bool,
) -> Suggestion:  # fmt: skip
    photo, answer = photos[choice.row], None
    if judged is not None:
        probabilities, novelties = judged
        novelty = None if novelties is None else float(novelties[choice.row])
        answer = known.rules.answer(photo.path, probabilities[choice.row], novelty)
    kind, reason = explain_choice(choice, answer, has_labels=has_labels)
    return Suggestion(
        photo=photo, kind=kind, reason=reason, guess=None if answer is None else answer.answer,
        probabilities={} if answer is None else answer.probabilities,
        novelty=None if answer is None else answer.novelty, n_alike=choice.n_alike or None,
    )  # fmt: skip
