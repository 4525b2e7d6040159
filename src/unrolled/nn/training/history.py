"""The history of a training, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...argument_types import Index
from ...errors import InputError
from ...interactive.figure import HEIGHT, OURS, RIVALS, SOFT, WIDTH, styled_figure
from ...interactive.html import note, table, titled
from ...plurals import counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Picture


@dataclass(repr=False)
class History:
    """The course of a training; each list has one entry for each epoch."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)  # empty without validation rows
    rate: list[float] = field(default_factory=list)  # of the last step of the epoch
    wall_s: list[float] = field(default_factory=list)  # since training began
    stopped: Literal["done", "early", "callback", "interrupted"] = "done"
    best_epoch: Index | None = None  # the epoch with the lowest monitored loss
    restored: bool = False  # whether the network has the weights of the best epoch

    @property
    def monitored(self) -> list[float]:
        """The validation loss if there is one, else the training loss."""
        return self.validation_loss or self.loss

    def to_frame(self) -> pd.DataFrame:
        """A pandas data frame with one row for each epoch."""
        import pandas as pd

        columns = {name: getattr(self, name) for name in ("loss", "validation_loss", "rate", "wall_s")}
        frame = pd.DataFrame({name: values for name, values in columns.items() if values or name == "loss"})
        frame.index.name = "epoch"
        return frame

    def __repr__(self) -> str:
        last = f"loss {self.loss[-1]:.5g}, best epoch {self.best_epoch}, " if self.loss else ""
        return f"History({counted(len(self.loss), 'epoch')}, {last}{self.stopped})"

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
        """A Matplotlib figure of the losses by epoch.

        Raises:
            InputError: there are no epochs, or Matplotlib is not installed (`pip install 'unrolled[plot]'`).
        """
        if not self.loss:
            raise InputError("the history has no epochs: nothing has been trained.")
        return styled_figure(WIDTH * 0.75, HEIGHT, self._draw)

    def _draw(self, figure: Picture) -> None:
        axes = figure.subplots()
        epochs = np.arange(1, len(self.loss) + 1)
        axes.plot(epochs, self.loss, color=OURS, lw=1.6, label="training loss")
        if self.validation_loss:
            axes.plot(epochs, self.validation_loss, color=RIVALS[0], lw=1.6, ls="--", label="validation loss")
        if self.best_epoch is not None:
            axes.axvline(self.best_epoch + 1, color=SOFT, lw=0.8, ls=(0, (1, 3)), label="best epoch")
        losses = [*self.loss, *self.validation_loss]
        if min(losses) > 0 and max(losses) > 5 * min(losses):
            axes.set_yscale("log")
        axes.set_xlabel("epoch")
        axes.legend(labelcolor=SOFT)

    def _repr_html_(self) -> str:
        rows = []
        for epoch in _shown_epochs(len(self.loss)):
            validation = [f"{self.validation_loss[epoch]:.5g}"] if self.validation_loss else []
            wall_s = f"{self.wall_s[epoch]:.2f}"
            rows.append([str(epoch), f"{self.loss[epoch]:.5g}", *validation, f"{self.rate[epoch]:.3g}", wall_s])
        header = ["epoch", "loss", *(["validation"] if self.validation_loss else []), "rate", "seconds"]
        best = next((k for k, row in enumerate(rows) if row[0] == str(self.best_epoch)), None)
        omitted, half = len(self.loss) - len(rows), len(rows) // 2
        more = note(f"{omitted} more epochs: {half} … {half + omitted - 1}") if omitted else ""
        return titled(repr(self), table(header, rows, best), more)


def _shown_epochs(epochs: int, limit: int = 20) -> list[int]:
    """All epochs up to the limit, else only the first and the last ones."""
    return [*range(epochs)] if epochs <= limit else [*range(limit // 2), *range(epochs - limit // 2, epochs)]
