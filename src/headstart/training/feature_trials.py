"""The steps of ``auto`` that try the features of all layers, averaged over symmetric views."""

from __future__ import annotations

from dataclasses import replace

from headstart.catalog.photo import Photo
from headstart.catalog.split import SplitPlan, assign_splits
from headstart.methods.settings import Settings
from headstart.training import trials
from headstart.training.search_state import N_AVERAGED, SearchState
from headstart.training.trials import IsRight

MANY_PHOTOS = 20_000  # photos times views; from here on, cross-validation of every kind of features takes minutes
CHEAP_S = 10.0  # features that take no longer are tried even if training above a cut is likely to replace them
N_SYMMETRY = 400  # photos by which views are called symmetric; enough to see a loss of three points
# Standard errors that a gain must exceed: the best of several trials is more often better by chance.
NOISE_OF_FEATURES = 2.0
NOISE_OF_SYMMETRY = 2.0  # the loss of an average over views; `drop_average` judges the average again after training


def estimate_features_seconds(state: SearchState) -> float:
    """Estimate the seconds of `try_features`; infinite if there are too many photos for it."""
    train = state.catalog.select("train")
    if len(train) * N_AVERAGED > MANY_PHOTOS:
        return float("inf")
    runner = replace(state.runner, catalog=replace(state.catalog, photos=train))
    return state.measure.estimate_seconds(runner, _choose_settings(state.settings, N_AVERAGED), len(train))


def try_features(state: SearchState, is_right: IsRight) -> float:
    """Compare the features of all layers, averaged over symmetric views, with the best so far.

    ``is_right`` is that of the best so far. Return the accuracy of the best, in cross-validation.
    """
    plain, record = state.best, state.record
    record.step = "taking more features"
    if estimate_features_seconds(state) > record.seconds_left:
        return float(is_right.mean())
    started = record.seconds
    settings = _choose_settings(state.settings, N_AVERAGED)
    runner = replace(state.runner, catalog=replace(state.catalog, photos=state.catalog.select("train")))
    wide = runner.extract(runner.pool("wide"), settings, n_views=N_AVERAGED, is_averaged=True)
    runner.note_time("extract")
    extraction_s = record.seconds - started
    best, best_right = plain, is_right
    units = trials.number_groups(wide.splits["train"], len(is_right))
    for n_views in (1, 2, N_AVERAGED):
        started = record.seconds
        chosen = _choose_settings(state.settings, n_views)
        tried = replace(plain, settings=chosen, table=trials.narrow_table(wide, n_views))
        is_right = state.measure.cross_validate(tried.table, chosen, None)
        if n_views == 1 and plain.settings.features == "wide":
            continue  # it is the best so far
        trial = record.add_trial(
            tried, is_right, judged_by="cross-validation",
            seconds=extraction_s * n_views / N_AVERAGED + record.seconds - started,
            comparison=trials.compare_accuracy(is_right, best_right, NOISE_OF_FEATURES, units),
        )  # fmt: skip
        if trial.is_better:
            best, best_right = tried, is_right
    if best is not plain:
        state.best = replace(state.runner, catalog=state.catalog).run(best.settings)
    return float(best_right.mean())


def measure_symmetry(state: SearchState) -> None:
    """Find out whether averaging over symmetric views is not worse by more than noise, on a part of the photos.

    Nothing is chosen by it but the views that training above a cut sees, so a part of the photos is enough. It compares
    the head that this training begins with: a head on the features of the last stage.
    """
    record, train = state.record, state.catalog.select("train")
    record.step, started = "comparing symmetric views", record.seconds
    some = _select_some(train, N_SYMMETRY, state.settings.seed)
    one = replace(state.settings, features="last", head="logistic")
    averaged = replace(one, n_views=N_AVERAGED, average_views=True)
    runner = replace(state.runner, catalog=replace(state.catalog, photos=some))
    # the cache has the wide features of the photos as they are
    wide = runner.extract(runner.pool("wide"), averaged, n_views=N_AVERAGED, is_averaged=True)
    runner.note_time("extract")
    table = wide.narrow(runner.backbone.spec.n_features)
    plain_right = state.measure.cross_validate(trials.narrow_table(table, 1), one, None)
    is_right = state.measure.cross_validate(table, averaged, None)
    units = trials.number_groups(table.splits["train"], len(is_right))
    lost, needed = trials.compare_accuracy(plain_right, is_right, NOISE_OF_SYMMETRY, units)
    state.is_symmetric = lost < needed
    record.add_trial(
        replace(state.best, settings=averaged, table=table), is_right, judged_by="cross-validation",
        seconds=record.seconds - started,
    )  # fmt: skip


def _choose_settings(settings: Settings, n_views: int) -> Settings:
    wide = replace(settings, features="wide", head="logistic+ridge")
    return replace(wide, n_views=n_views, average_views=True) if n_views > 1 else wide


def _select_some(photos: tuple[Photo, ...], n: int, seed: int) -> tuple[Photo, ...]:
    """Return about ``n`` of the training photos, of every class and of whole groups; all if there are fewer."""
    share = round(100 * n / len(photos))
    if share >= 100:
        return photos
    divided, _ = assign_splits(photos, SplitPlan("train", {"train": share, "validation": 100 - share}), seed)
    return tuple(photo for photo in divided if photo.split == "train")
