"""Advise on a method before training: measure how many photos there are and how similar they are to ImageNet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from headstart.backbone.loading import open_setup
from headstart.backbone.names import Sizes
from headstart.catalog.catalog import Catalog
from headstart.catalog.scan import scan_photos
from headstart.catalog.source import PhotoSource, find_source, refuse_reading
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import BackboneError, FitError
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.notes import Note
from headstart.features.similarity import Similarity
from headstart.methods.forecast import forecast_training
from headstart.methods.method_runner import MethodRunner
from headstart.methods.near_copy_search import keep_near_copies_together
from headstart.methods.nested_cross_validation import N_FOLDS, cross_validate_nested
from headstart.methods.out_of_fold import predict_out_of_fold
from headstart.methods.settings import TUNED, Settings
from headstart.methods.tail_tuning import choose_cut
from headstart.methods.trained_method import TrainedMethod
from headstart.methods.training_context import TrainingContext
from headstart.process.progress import show_progress
from headstart.training.expectations import LARGE, Expectation, estimate_seconds, expect_accuracy
from headstart.training.measurements import compare_with_imagenet
from headstart.training.torch_offer import offer_torch
from headstart.tune.torch_import import can_tune, limit_spinning

WORTH = 0.01  # accuracy that a slower method must be expected to gain


@dataclass(frozen=True, kw_only=True)
class Advice:
    """The method that suits some photos, and why.

    Attributes
    ----------
    method, cut, train_norms
        Recommended settings.
    quadrant
        ``small and similar``, ``small and dissimilar``, ``large and similar`` or ``large and dissimilar``.
    similarity
        Similarity to ImageNet, 0 to 1; see `Similarity`.
    n_photos, n_per_class
        Number of training photos, and of those of each class.
    evidence
        Measurements that the advice rests on.
    methods
        Expected result of each method.
    why
        The reason in a sentence.
    notes
        Notes of the scan, on missing extras, and on methods that the backbone cannot be trained by.
    skipped
        ``path`` and ``reason`` of each file that was left out.
    """

    method: str
    cut: str
    train_norms: bool
    quadrant: str
    similarity: float
    n_photos: int
    n_per_class: dict[str, int]
    evidence: dict[str, Any]
    methods: dict[str, Expectation]
    why: str
    notes: tuple[Note, ...]
    skipped: tuple[dict[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the advice in plain JSON types."""
        records = [note.to_record() for note in self.notes]
        return {"schema": 1, **asdict(self), "notes": [note.text for note in self.notes], "note_records": records}


def advise_method(
    photos: Catalog | PhotoSource, *, backbone: str = "mobilenet_v2", image_size: Sizes = None, depth: int = 16,
    seed: int = 0, layout: str = "auto", cache: bool = True, path_column: str | None = None,
    label_column: str | None = None, group_column: str | None = None, group_from: str | None = None,
    verbose: bool = True, say: Callable[[str], None] = lambda _: None,
) -> Advice:  # fmt: skip
    """Measure photos and advise on the method to train with.

    A head is fitted to the features of the frozen backbone and cross-validated on the training photos, and methods are
    chosen by its accuracy. Its accuracy with more photos is forecast from heads that learn from fewer, on all photos,
    as in the report of a training. 100 photos are compared with the statistics of ImageNet in the backbone's batch
    norms. A few training steps of each method are timed. The features are cached for the training. The test photos
    choose nothing.

    Parameters
    ----------
    photos
        A catalog, or a source of photos as for `scan_photos`.
    layout
        Which folders are the classes; see `scan_photos`.
    path_column, label_column, group_column
        Names of a table's columns. None: they are found by their names.
    group_from
        What gives the photos their groups, which cross-validation holds out together; see `scan_photos`.
    say
        Function that is called with sentences for the user.

    Raises
    ------
    HeadstartError
        If the photos cannot be used, or are too few for cross-validation.
    """
    limit_spinning()  # before a backbone imports torch
    setup = open_setup(backbone, image_size, depth=depth)
    loaded = setup.backbone
    settings = Settings(method="fixed", backbone=backbone, image_size=image_size, depth=depth, seed=seed)
    settings.check()
    columns = ColumnNames(path_column, label_column, group_column)
    if isinstance(photos, Catalog):
        refuse_reading(layout, columns, group_from)
        catalog = photos
    else:
        with show_progress("Scanning", is_shown=verbose) as progress:
            catalog = scan_photos(
                find_source(photos, columns, layout=layout, group_from=group_from), seed=seed, cache=cache,
                progress=progress,
            )  # fmt: skip
    context = TrainingContext(setup, cache, verbose)
    catalog, _, fresh = keep_near_copies_together(catalog, context, settings)
    runner = MethodRunner(catalog, context, fresh=fresh)
    trained = runner.run(settings)
    catalog, train = trained.table.catalog, trained.table.splits["train"]
    similarity = compare_with_imagenet(replace(runner, catalog=catalog))
    judged = _judge(trained)
    counts = Counter(photo.label for photo in train.photos)
    per_class = len(train.y) / len(counts)
    facts = {
        "fixed": judged["accuracy"], "n_judged": judged["n"], "guess": max(counts.values()) / len(train.y),
        "n_per_class": per_class, "similarity": similarity,
    }  # fmt: skip
    # batch norms as pretrained have the statistics of other photos
    tuned = replace(settings, train_norms=not similarity.is_similar)
    if can_tune():
        say("Timing a few steps of each method.")
    methods, notes = _expect_methods(runner, {"fixed": settings} | dict.fromkeys(TUNED, tuned), len(train.y), facts)
    method, why = _choose(methods, similarity, is_large=per_class >= LARGE)
    notes += _note_guess(facts)
    size_name, kind = "large" if per_class >= LARGE else "small", "similar" if similarity.is_similar else "dissimilar"
    return Advice(
        method=method, cut=choose_cut(method, None, loaded), train_norms=method != "fixed" and tuned.train_norms,
        quadrant=f"{size_name} and {kind}",
        similarity=round(similarity.value, 4), n_photos=len(train.y), n_per_class=dict(sorted(counts.items())),
        evidence={
            "distance": round(similarity.distance, 4), "photos_compared": similarity.n_photos,
            "cross_validated_accuracy": judged["accuracy"], "photos_judged": judged["n"],
            "forecast": _forecast(trained, judged, verbose=verbose),
            "photos_per_class": round(per_class, 1),
        },
        methods=methods, why=why, notes=(*catalog.notes, *dict.fromkeys(notes), *_list_missing(method, methods)),
        skipped=tuple({"path": str(skip.path), "reason": skip.reason} for skip in catalog.skipped),
    )  # fmt: skip


def _expect_methods(
    runner: MethodRunner, settings: dict[str, Settings], n_train: int, facts: dict[str, Any]
) -> tuple[dict[str, Expectation], list[Note]]:
    """Return the expected result of each method, and notes on methods that the backbone cannot be trained by."""
    methods, notes = {}, []
    for method, chosen in settings.items():
        try:
            seconds = estimate_seconds(runner, replace(chosen, method=method), n_train)
        except BackboneError as error:  # a user's network with layers that cannot be trained
            notes.append(Note("untrainable-stage", str(error), "warning"))
            continue
        methods[method] = Expectation(*expect_accuracy(method, **facts), round(seconds, 2))
    return methods, notes


def _note_guess(facts: dict[str, Any]) -> list[Note]:
    """Say so if a head on frozen features is not clearly better than always answering the commonest class."""
    accuracy, guess, n = facts["fixed"], facts["guess"], facts["n_judged"]
    if wilson_interval(accuracy * n, n)[0] > guess:
        return []
    text = (
        f"A head on frozen features ({accuracy:.1%} right) is not clearly better than always answering the commonest "
        f"class ({guess:.1%}). If no class is much larger than the others, first check the labels, and whether the "
        "photos show what tells the classes apart."
    )
    return [Note("no-better-than-guess", text, "warning")]


def _choose(methods: dict[str, Expectation], similarity: Similarity, *, is_large: bool) -> tuple[str, str]:
    """Return the recommended method and the reason."""
    if "hybrid" not in methods:
        return "fixed", "of this backbone only the head can be trained"
    fixed, hybrid = methods["fixed"].expected_accuracy, methods["hybrid"].expected_accuracy
    if similarity.is_similar and hybrid - fixed < WORTH:
        return "fixed", "the photos are similar to ImageNet, so the features of the frozen network are enough"
    if hybrid - fixed < WORTH:
        return "fixed", f"a head on frozen features already has an accuracy of {fixed:.1%}"
    if similarity.is_similar:
        return "hybrid", (
            f"the photos are similar to ImageNet, but a head on frozen features is wrong on {1 - fixed:.1%} of them, "
            "so the upper stages should be trained, too"
        )
    if is_large and "finetune" in methods:
        return "finetune", "there are many photos, and they are unlike ImageNet"
    return "hybrid", (
        "the photos are unlike ImageNet, so the upper stages should be trained, too; there are too few photos to train "
        "all stages"
    )


def _list_missing(method: str, methods: dict[str, Expectation]) -> tuple[Note, ...]:
    """Say what the advised method is worth and how to install torch, if it needs torch and torch is not installed."""
    if method == "fixed" or can_tune():
        return ()
    text = offer_torch(method, methods[method], accuracy=methods["fixed"].expected_accuracy)
    return (Note("missing-extra", f"{text[0].upper()}{text[1:]}", "warning"),)


def _judge(trained: TrainedMethod) -> dict[str, Any]:
    """Return ``accuracy``, ``n`` and ``n_folds`` of a cross-validation over the training photos."""
    held = predict_out_of_fold(trained)
    at = [] if held is None else [n for n, photo in enumerate(held.photos) if photo.split == "train"]
    if held is None or not at:
        raise FitError(
            f"Cannot advise on '{trained.table.catalog.source}': got {len(trained.table.splits['train'].y)} training "
            "photos, too few to hold some out. Add photos, or train with --method fixed."
        )
    accuracy = float((held.scores[at].argmax(axis=1) == held.y[at]).mean())
    return {"accuracy": round(accuracy, 4), "n": len(at), "n_folds": N_FOLDS}


def _forecast(trained: TrainedMethod, judged: dict[str, Any], *, verbose: bool) -> dict[str, Any]:
    """Return the forecast that the report of a training has; if heads cannot be fitted anew, from training photos."""
    with show_progress("Cross-validating", is_shown=verbose, unit="folds") as progress:
        nested = cross_validate_nested(trained, progress)
    if nested is None:
        return forecast_training(trained, judged, ("train",))
    return forecast_training(trained, nested.measures)
