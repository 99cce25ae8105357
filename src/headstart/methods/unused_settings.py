"""Settings without effect in the methods that were trained, as notes.

`Settings.check` refuses a setting that the chosen method never has. The notes here are on settings whose effect depends
on others, or under ``auto`` on the methods that it came to train.
"""

from __future__ import annotations

from collections.abc import Collection

from headstart.evaluation.notes import Note, note_unused
from headstart.methods.setting_names import name_setting
from headstart.methods.settings import TUNED, Settings


def list_unused_settings(
    asked: Settings, trained: Collection[str], *, has_pixels_cut: bool = False, is_fitted_once: bool = False
) -> list[Note]:
    """Return a note on each setting that had no effect.

    Parameters
    ----------
    asked
        Settings as the user gave them. Settings with their default value count as not given.
    trained
        Methods that were trained; under ``auto`` there may be several.
    has_pixels_cut
        Whether nothing was frozen although the method is ``hybrid``.
    is_fitted_once
        Whether the head was not fitted again to more photos.
    """
    default, is_tuned = Settings(), not set(TUNED).isdisjoint(trained)
    reasons: dict[str, str] = {}
    if not is_tuned and asked.head != "adam" and asked.epochs is not None:
        reasons["epochs"] = (
            "no training above a cut was completed, and the logistic head is fitted until it has converged"
        )
    if not is_tuned and asked.cache_limit_gb != default.cache_limit_gb:
        reasons["cache_limit_gb"] = "only training above a cut keeps activations on disk, and none was completed"
    if asked.head == "adam" and asked.strength is not None:
        reasons["strength"] = "the adam head is not regularised"
    if asked.fit_on not in (None, "train") and is_fitted_once:
        reasons["fit_on"] = "there are no photos beside the training photos"
    if has_pixels_cut and asked.n_views is not None and not asked.average_views:
        reasons["n_views"] = "nothing is frozen, so that each epoch draws new views"
    if asked.train_norms and set(trained) == {"scratch"}:
        reasons["train_norms"] = "training from random weights always trains the batch normalisation"
    return [note_unused(f"{name_setting(name)} {getattr(asked, name)}", reason) for name, reason in reasons.items()]
