"""History: what happened in a training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ...interactive.figure import HEIGHT, OURS, RIVALS, SOFT, WIDTH, _picture
from ...interactive.html import note, table, titled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Picture


@dataclass(repr=False)
class History:
    """What happened, one entry an epoch."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)  # empty without validation rows
    rate: list[float] = field(default_factory=list)  # of the epoch's last step
    wall_s: list[float] = field(default_factory=list)  # since training began
    stopped: str = "done"  # "done", "early", "callback", "interrupted"
    best_epoch: int | None = None  # epoch with the lowest monitored loss
    restored: bool = False  # whether the network has the weights of the best epoch

    @property
    def monitored(self) -> list[float]:
        return self.validation_loss or self.loss

    def to_frame(self) -> pd.DataFrame:
        """One row an epoch."""
        import pandas as pd

        columns = {
            "loss": self.loss,
            "validation_loss": self.validation_loss,
            "rate": self.rate,
            "wall_s": self.wall_s,
        }
        frame = pd.DataFrame({name: values for name, values in columns.items() if values or name == "loss"})
        frame.index.name = "epoch"
        return frame

    def __repr__(self) -> str:
        last = f"loss {self.loss[-1]:.5g}, best epoch {self.best_epoch}, " if self.loss else ""
        return f"History({len(self.loss)} epochs, {last}{self.stopped})"

    def __str__(self) -> str:
        lines = [f"{'epoch':>5}  {'loss':>11}  {'validation':>11}  {'rate':>9}  {'seconds':>8}"]
        for epoch, loss in enumerate(self.loss):
            validation = f"{self.validation_loss[epoch]:11.5g}" if self.validation_loss else f"{'':>11}"
            best = "  best" if epoch == self.best_epoch else ""
            lines.append(
                f"{epoch:5d}  {loss:11.5g}  {validation}  {self.rate[epoch]:9.3g}  {self.wall_s[epoch]:8.2f}{best}"
            )
        return "\n".join(lines)

    def plot(self) -> Picture:
        """A figure of the losses by epoch, with Matplotlib (`pip install 'unrolled[plot]'`)."""
        from .history import of_history

        return of_history(self)

    def _repr_html_(self) -> str:
        rows = []
        for epoch in _some(len(self.loss)):
            validation = [f"{self.validation_loss[epoch]:.5g}"] if self.validation_loss else []
            wall_s = f"{self.wall_s[epoch]:.2f}"
            rows.append([str(epoch), f"{self.loss[epoch]:.5g}", *validation, f"{self.rate[epoch]:.3g}", wall_s])
        header = ["epoch", "loss", *(["validation"] if self.validation_loss else []), "rate", "seconds"]
        best = next((k for k, row in enumerate(rows) if row[0] == str(self.best_epoch)), None)
        left, half = len(self.loss) - len(rows), len(rows) // 2
        more = note(f"{left} more epochs: {half} … {half + left - 1}") if left else ""
        return titled(repr(self), table(header, rows, best), more)


def _some(epochs: int, most: int = 20) -> list[int]:
    """The first and the last epochs where there are many, else all."""
    return [*range(epochs)] if epochs <= most else [*range(most // 2), *range(epochs - most // 2, epochs)]


def of_history(history: History) -> Picture:
    """The losses of a training by epoch: the figure of `History.plot`."""
    if not history.loss:
        raise InputError("the history has no epochs: nothing has been trained.")

    def draw(figure: Picture) -> None:
        axes = figure.subplots()
        epochs = np.arange(1, len(history.loss) + 1)
        axes.plot(epochs, history.loss, color=OURS, lw=1.6, label="training loss")
        if history.validation_loss:
            axes.plot(epochs, history.validation_loss, color=RIVALS[0], lw=1.6, ls="--", label="validation loss")
        if history.best_epoch is not None:
            axes.axvline(history.best_epoch + 1, color=SOFT, lw=0.8, ls=(0, (1, 3)), label="best epoch")
        known = [*history.loss, *history.validation_loss]
        if min(known) > 0 and max(known) > 5 * min(known):
            axes.set_yscale("log")
        axes.set_xlabel("epoch")
        axes.legend(labelcolor=SOFT)

    return _picture(WIDTH * 0.75, HEIGHT, draw)
