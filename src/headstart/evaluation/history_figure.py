"""The curves of training: accuracy and loss by epoch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headstart.errors import EvaluationError
from headstart.evaluation.ink import ACCENT, CHART_DPI, GREY, INK, PALE, PAPER
from headstart.evaluation.lettering import BASE_FONT

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

COLOURS = {"Training": GREY, "Validation": ACCENT}
# where the axis of accuracy may begin, and its ticks in percent; it always ends at 100%
FLOORS = {0.9: range(90, 101, 2), 0.8: range(80, 101, 5), 0.5: range(50, 101, 10), 0.0: range(0, 101, 20)}

# plotnine sets matplotlib's settings while it draws, and these belong to the whole process
_drawing = threading.Lock()


def plot_history(rows: Sequence[tuple[str, float, float, float]]) -> Figure:
    """Plot accuracy and loss by epoch, side by side.

    Parameters
    ----------
    rows
        ``(data, epoch, accuracy, loss)`` each: ``"Training"`` or ``"Validation"``, the epoch from 1, the accuracy
        from 0 to 1, the mean log loss in nats. The columns of ``history.csv``. Rows whose numbers are not finite,
        as after training that diverged, are left out.

    Returns
    -------
    matplotlib.figure.Figure
        Axes "Epoch", "Accuracy" (percent, up to 100%) and "Loss"; not known to pyplot, nothing to close.

    Raises
    ------
    EvaluationError
        If there is no finite row, or one belongs to neither Training nor Validation.

    Notes
    -----
    Drawn with plotnine, which costs 0.3-0.5 s to import once.
    """
    import pandas as pd

    table = pd.DataFrame(list(rows), columns=["Data", "Epoch", "Accuracy", "Loss"])
    table = table.astype({"Accuracy": float, "Loss": float}).replace([float("inf"), float("-inf")], float("nan"))
    table = table.dropna()
    strangers = sorted(set(table["Data"]) - set(COLOURS))
    if table.empty or strangers:
        raise EvaluationError(
            f"Cannot plot history: got {strangers or 'no finite rows'}, need rows of Training or Validation. "
            "Pass the rows of history.csv."
        )
    with _drawing:
        _avoid_windows()
        figure: Figure = _compose_plots(table).draw()
    return figure


def _compose_plots(table: DataFrame) -> Any:
    import plotnine

    p9: Any = plotnine  # its types are partial: strict checking of its grammar finds only false alarms

    floor = next(f for f in FLOORS if f == 0 or table["Accuracy"].min() >= f + 0.01)
    quiet = p9.theme_minimal(base_size=10, base_family=BASE_FONT) + p9.theme(
        figure_size=(7.2, 2.9), dpi=CHART_DPI, plot_background=p9.element_rect(fill=PAPER, color=PAPER),
        panel_grid_minor=p9.element_blank(), panel_grid_major=p9.element_line(color=PALE, size=0.6),
        text=p9.element_text(color=INK), axis_text=p9.element_text(color=INK, size=8.5),
        legend_title=p9.element_blank(), legend_position="none",
    )  # fmt: skip

    is_curve = table["Data"].value_counts().max() > 1  # plotnine warns of a line through one point
    lines = [p9.geom_line(size=0.9)] if is_curve else []

    def plot(column: str) -> Any:
        return (
            p9.ggplot(table, p9.aes("Epoch", column, color="Data"))
            + lines
            + p9.geom_point(size=1.6)
            + p9.scale_color_manual(values=COLOURS, limits=[d for d in COLOURS if (table["Data"] == d).any()])
            + p9.scale_x_continuous(breaks=_choose_epochs(int(table["Epoch"].max())))
            + p9.labs(x="Epoch", y=column)
            + quiet
        )

    percents = FLOORS[floor]
    accuracy = plot("Accuracy") + p9.scale_y_continuous(
        limits=(floor, 1.0), breaks=[p / 100 for p in percents], labels=[f"{p}%" for p in percents]
    )
    # inside the left plot, below the rising curves: beside the right one it would be out of sight on a phone
    accuracy += p9.theme(legend_position=(0.97, 0.05), legend_key_height=11, legend_text=p9.element_text(size=8.5))
    loss = plot("Loss") + p9.expand_limits(y=0)
    return accuracy | loss


def _choose_epochs(last: int) -> list[int]:
    """Return at most about six whole epochs: a tick at epoch 2.5 means nothing."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 10**9) if last <= 6 * s)
    return [1, *range(step, last + 1, step)] if step > 1 else list(range(1, last + 1))


def _avoid_windows() -> None:
    """Give pyplot, through which plotnine opens its figure, a backend without windows off the main thread.

    There a window system refuses to start. On the main thread the user's choice stands: plotnine closes its figure
    before any window would show.
    """
    if threading.current_thread() is not threading.main_thread():
        import matplotlib.pyplot as plt

        plt.switch_backend("agg")
