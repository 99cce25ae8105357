"""Write the notes on a training: what its settings and its course mean for the classifier."""

from __future__ import annotations

from collections.abc import Collection

from headstart.backbone.spec import PIXELS_CUT
from headstart.evaluation.notes import Note, note_unused
from headstart.evaluation.words import explain_start
from headstart.methods.settings import ADAM_EPOCHS, Settings
from headstart.methods.tail_tuning import TunedBackbone
from headstart.methods.trained_method import TrainedMethod
from headstart.methods.unused_settings import list_unused_settings


def list_notes(trained: TrainedMethod, asked: Settings | None = None, methods: Collection[str] = ()) -> list[Note]:
    """Return the notes of the catalog, then those on the training.

    Parameters
    ----------
    asked
        Settings as the user gave them; None: those of the training.
    methods
        Methods that ``auto`` has trained.
    """
    settings, n_averaged = trained.settings, trained.table.n_averaged
    notes = list(trained.table.catalog.notes)
    if trained.fitted.class_weight is not None and settings.class_weight == "auto":
        kind = "balanced class weights" if trained.tuned is None else "class weights"
        text = f"The classes are of unequal size: photos of smaller classes counted more ({kind})."
        notes.append(Note("class-imbalance", text))
    if n_averaged > 1:
        text = (
            f"Each answer is the average over {n_averaged} views of the photo (mirrored"
            f"{', upside down' if n_averaged > 2 else ''}{', turned by quarters' if n_averaged > 4 else ''}): "
            f"prediction takes {n_averaged} times as long as of one view."
        )
        notes.append(Note("averaged-views", text))
    notes += _list_tuning_notes(trained, trained.tuned) if trained.tuned else _list_head_notes(trained)
    return notes + list_unused_settings(
        asked or settings,
        {*methods, settings.method},
        has_pixels_cut=trained.cut == PIXELS_CUT,
        is_fitted_once=trained.final is None,
    )


def _list_tuning_notes(trained: TrainedMethod, backbone: TunedBackbone) -> list[Note]:
    from headstart.tune.hyperparameters import find_hyperparameters

    settings, tuned, planned = trained.settings, backbone.result, backbone.hyperparameters
    notes = _note_missing_norms(backbone) if settings.train_norms else []
    if tuned.is_stopped:
        kept = ", and the best so far was kept" if tuned.best_epoch else ""
        text = (
            f"Training was stopped after {tuned.n_epochs} of {planned.epochs} epochs{kept}. The same command "
            "goes on from there (with --overwrite if it names a folder by --out)."
        )
        notes.append(Note("interrupted", text, "warning"))
    elif tuned.n_epochs < planned.epochs:
        text = (
            f"Training ended after {tuned.n_epochs} of {planned.epochs} epochs: {planned.patience} in a row were no "
            "better on the validation photos."
        )
        notes.append(Note("early-stopping", text))
    usual = find_hyperparameters(settings.method, is_norm_trained=planned.is_norm_trained)
    share = planned.learning_rate / usual.learning_rate
    if settings.learning_rate is None and share < 1:
        text = f"So few epochs are few steps: the peak rate was {share:.2g} of the usual one."
        notes.append(Note("low-learning-rate", text))
    if not trained.table.splits["validation"].photos:
        text = "There was no validation split to watch: all epochs were trained, and the last one was kept."
        notes.append(Note("no-validation", text, "warning"))
    elif tuned.best_epoch == 0 and tuned.n_epochs:
        why = explain_start(planned.n_errors, on=" on the validation photos")
        text = (
            f"{why[0].upper()}{why[1:]} (by the log loss, with the confidence set right), so the network is as "
            "pretrained, with a logistic head on its last stage. --method fixed also compares the features of many "
            "layers."
        )
        notes.append(Note("no-better-epoch", text, "warning"))
    return notes


def _note_missing_norms(backbone: TunedBackbone) -> list[Note]:
    """Return a note if batch norms should be trained and there are none above the cut."""
    from headstart.tune.graph import read_graph

    nodes = read_graph(backbone.backbone.weights).nodes
    norms = {name for node in nodes if node.kind == "BatchNormalization" for name in node.inputs[1:]}
    if not backbone.hyperparameters.is_norm_trained or not norms.isdisjoint(backbone.result.weights):
        return []
    return [note_unused("--train-norms", "the backbone has no batch normalisation above the cut")]


def _list_head_notes(trained: TrainedMethod) -> list[Note]:
    settings, notes = trained.settings, []
    if not (trained.fitted.is_converged and (trained.final is None or trained.final.is_converged)):
        text = "The solver stopped before its optimum: the features are hard to separate at this strength."
        notes.append(Note("not-converged", text, "warning"))
    if settings.head == "adam":
        text = (
            f"The adam head is the recipe of the Keras tutorial: {settings.epochs or ADAM_EPOCHS} epochs, whether it "
            "has converged by then or not, and no cross-validation."
        )
        notes.append(Note("adam-head", text))
    elif settings.n_fixed_views > 1 and not settings.average_views:
        text = "Cross-validation judged heads that were fitted to the photos as they are, without further views."
        notes.append(Note("plain-cross-validation", text))
    return notes
