"""Which accuracy of a run to quote, and what each of the others is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headstart.evaluation.elsewhere import name_sources
from headstart.evaluation.words import count_photos, format_percent

FEW_PHOTOS = 100  # test photos; with fewer, the interval is wide, and cross-validation says more
STEADY_PHOTOS = 30  # with fewer, cross-validation varies as much: its heads are fitted to a handful of photos
FEW_LEFT = 30  # test photos without a near copy; with fewer, they say too little

Metrics = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One accuracy of a run.

    Attributes
    ----------
    name
        Name of the figure, such as ``test`` or ``cross_validation``.
    judged
        The classifier, or the classifiers, that the accuracy is of.
    photos
        The photos it was measured on.
    n
        Number of these photos.
    low, high
        95% interval, or None if it has none.
    use
        What the figure is for.
    is_weighted
        Whether photos count by weights of classes or photos. If not, each photo counts once.
    """

    name: str
    judged: str
    photos: str
    n: int
    accuracy: float
    low: float | None
    high: float | None
    use: str
    is_weighted: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """The figure to quote, and the reason."""

    figure: Figure
    reason: str


def choose_quote(metrics: Metrics) -> Quote | None:
    """Choose the accuracy of a run that holds for new photos.

    The test accuracy is quoted if possible. If near copies of test photos are in training, only the other test photos
    count. If the test photos are few, or easier or harder than all photos, cross-validation is quoted. The rules are in
    docs/numbers.md. None if only training photos were evaluated: their accuracy says nothing about new ones.
    """
    figures = {figure.name: figure for figure in list_figures(metrics)}
    test, all_photos, clean = (figures.get(name) for name in ("test", "cross_validation", "without_near_copies"))
    if test is None:
        return _choose_without_test(figures)
    near = metrics.get("near_copies") or {}
    n_across = (near.get("across") or {}).get("test", 0)
    if clean is not None and clean.n >= FEW_LEFT and not near.get("is_chained"):  # of a chain, a few odd photos remain
        verb = "has a near copy" if n_across == 1 else "have near copies"
        return Quote(clean, f"{n_across:,} of the {test.n:,} test photos {verb} in training, and do not count here.")
    if n_across:
        share = format_percent(n_across / test.n)
        return Quote(
            test,
            f"{share} of the test photos have a near copy in training: this accuracy is for such photos, not for new "
            "ones.",
        )
    return _choose_with_test(test, all_photos, metrics)


def _choose_with_test(test: Figure, all_photos: Figure | None, metrics: Metrics) -> Quote:
    """Choose between the figures of the test photos and of all photos."""
    unseen = "The classifier has not seen these photos"
    if metrics.get("fitted_on") == "all":
        unseen = "The classifier was judged before it was fitted to these photos"
    if all_photos is None:
        return Quote(test, f"{unseen}.")
    differs, is_drawn = disagrees(test, all_photos), metrics.get("is_test_drawn")
    if differs and not is_drawn:
        return Quote(
            test,
            f"Cross-validation over all photos gives {format_percent(all_photos.accuracy)}. The difference is more "
            "than chance usually explains: the test photos seem to be of another kind than the others. Quote the test "
            "accuracy for photos like the test photos, and cross-validation for photos like all of these.",
        )
    if test.n < FEW_PHOTOS and all_photos.n >= max(2 * test.n, STEADY_PHOTOS):
        return Quote(
            all_photos,
            f"The test set has only {count_photos(test.n)}{name_sources(metrics)}. Cross-validation judges "
            f"{count_photos(all_photos.n)}, each by a classifier that was trained without it.",
        )
    if differs:
        side = "easier" if test.accuracy > all_photos.accuracy else "harder"
        return Quote(all_photos, f"The test photos, drawn at random, seem to be {side} than all photos together.")
    return Quote(test, f"{unseen}, and cross-validation over all photos agrees.")


def disagrees(one: Figure, other: Figure) -> bool:
    """Say whether two figures differ by more than both of their 95% intervals allow."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    upper, lower = (one, other) if one.accuracy > other.accuracy else (other, one)
    assert upper.low is not None and lower.high is not None  # noqa: S101, PT018  for the type checker
    gap = upper.accuracy - lower.accuracy
    return gap**2 > (upper.accuracy - upper.low) ** 2 + (lower.high - lower.accuracy) ** 2


def list_figures(metrics: Metrics) -> list[Figure]:
    """List all accuracies of a run that its report shows."""
    return list(_walk_figures(metrics))


def _choose_without_test(figures: Mapping[str, Figure]) -> Quote | None:
    all_photos = figures.get("cross_validation")
    if all_photos is not None and (all_photos.n >= STEADY_PHOTOS or "validation" not in figures):
        reason = "There is no test split. Each photo was judged by a classifier that was trained without it."
        return Quote(all_photos, reason)
    if "validation" in figures:
        return Quote(figures["validation"], "There is no test split, and too few photos for cross-validation.")
    return None


def _walk_figures(metrics: Metrics) -> Iterator[Figure]:
    fitted = metrics.get("fitted_on") or "train"
    final = "this classifier"
    first = final if fitted == "train" else "this classifier before it was fitted again"
    tested = "this classifier before it was fitted again" if fitted == "all" else final
    if metrics.get("test"):
        yield _make("test", metrics["test"], tested, "test photos", "how often it is right on photos like these")
    near = metrics.get("near_copies") or {}
    if metrics.get("test") and near.get("without"):
        yield _make(
            "without_near_copies", near["without"], tested, "test photos without a near copy in training",
            "how often it is right on pictures that training has not seen",
        )  # fmt: skip
    if "accuracy" in (metrics.get("cross_validation") or {}):  # earlier versions had another cross-validation
        yield _make(
            "cross_validation", metrics["cross_validation"],
            "classifiers like this one, each trained without the photos that it judges", "all photos",
            "how often they are right on photos like all of these",
        )  # fmt: skip
    if metrics.get("repeats"):
        yield _make_repeated(metrics["repeats"])
    elsewhere = metrics.get("elsewhere") or {}
    kind = elsewhere.get("group_kind") or "group"
    for key, photos, use in (
        (
            "same",
            f"all photos, with photos of the same {kind} in training",
            f"how often they are right on new photos of a known {kind}",
        ),
        (
            "new",
            f"all photos, without photos of the same {kind} in training",
            f"how often they are right on photos of a new {kind}",
        ),
    ):
        if elsewhere.get(key):
            yield _make(f"elsewhere_{key}", elsewhere[key], "classifiers like this one", photos, use)
    chosen = (
        "slightly too good: these photos chose the epoch"
        if metrics.get("tuning")
        else "the last point of the validation curve"
    )
    if metrics.get("validation"):
        yield _make("validation", metrics["validation"], first, "validation photos", chosen)
    if metrics.get("train"):
        use = "too good: it was fitted to these photos. A large gap to the test accuracy means overfitting"
        yield _make("train", metrics["train"], first, "training photos", use)
    yield from _walk_choices(metrics, tested)


def _walk_choices(metrics: Metrics, tested: str) -> Iterator[Figure]:
    """Yield the accuracies by which something was chosen, or of another rule for the answer."""
    for point in metrics.get("working_points") or []:
        test = point.get("test")
        if test:
            yield Figure(
                name="working_point", judged=f"{tested}, answering by the working point", photos="test photos",
                n=test["n_positive"] + test["n_negative"], accuracy=test["accuracy"], low=None, high=None,
                use="how often its answers by the " + (
                    f"working point of '{point['label']}' are right" if point.get("find") else "costs are right"
                ),
            )  # fmt: skip
    strength, train = metrics.get("strength") or {}, metrics.get("train")
    for row in strength.get("table") or []:
        if train and row["strength"] == strength["chosen"]:
            yield Figure(
                name="strength", judged="classifiers like this one, each trained without the photos that it judges",
                photos="training photos", n=train["n"], accuracy=row["accuracy"], low=None, high=None,
                use="slightly too good: the best of several strengths",
                is_weighted=bool(strength.get("is_weighted")),
            )  # fmt: skip


def _make(name: str, numbers: Metrics, judged: str, photos: str, use: str) -> Figure:
    low, high = numbers.get("accuracy_ci95") or (None, None)
    return Figure(
        name=name, judged=judged, photos=photos, n=numbers["n"], accuracy=numbers["accuracy"], low=low, high=high,
        use=use,
    )  # fmt: skip


def _make_repeated(repeats: Metrics) -> Figure:
    low, high = repeats.get("mean_ci95") or (None, None)
    return Figure(
        name="repeats", judged=f"{repeats['n']} classifiers like this one, trained on other splits",
        photos="test photos of each split", n=repeats["n_test"], accuracy=repeats["mean"], low=low, high=high,
        use="how much the accuracy depends on the split",
    )  # fmt: skip
