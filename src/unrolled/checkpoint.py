"""What changes while a training runs, and the file that holds exactly this: a resume continues bit for bit."""

from __future__ import annotations

import os
import zlib
from dataclasses import asdict, dataclass, field
from math import inf, isfinite
from typing import TYPE_CHECKING

import numpy as np

from . import storage
from .display import note, table, titled
from .engines import Engine, Job
from .errors import InputError, ModelFileError
from .ops import Array
from .optimizers import OptimizerState

if TYPE_CHECKING:
    import pandas as pd

    from .report.figures import Picture


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
        from .report.figures import of_history

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


@dataclass
class Run:
    """All that changes while training; a checkpoint holds exactly this."""

    params: Array
    optimizer: OptimizerState
    history: History
    best_params: Array
    best_loss: float = inf
    waited: int = 0  # epochs since the last improvement

    @property
    def epoch(self) -> int:
        return len(self.history.loss)


def fingerprint(
    engine: Engine,
    job: Job,
    epochs: int,
    shuffle: bool,
    dtype: np.dtype,
    training_rows: Array,
    validation_rows: Array,
) -> str:
    """What a resumed training must have in common with the interrupted one."""
    sample = job.data.batch(np.concatenate((training_rows, validation_rows)), np.dtype(np.float64))
    parts = (*sample.inputs.values(), sample.target, sample.weight, sample.lengths, sample.unit)
    contents = [np.ascontiguousarray(a).tobytes() for a in parts if a is not None]
    checksum = 0
    for content in contents:
        checksum = zlib.crc32(content, checksum)
    return storage.to_json(
        {
            "engine": engine.identity,
            "dtype": dtype.name,
            "operations": [(op.name, storage.describe(op.rule)) for op in job.program.operations],
            "parameters": [(p.name, p.shape) for p in job.program.parameters.values()],
            "loss": storage.describe(job.loss),
            "optimizer": storage.describe(job.optimizer),
            "batch_size": job.batch_size,
            "clip_norm": job.clip_norm,
            "epochs": epochs,
            "seed": job.seed,
            "shuffle": shuffle,
            "rows": [len(training_rows), len(validation_rows)],
            "data": checksum,
        }
    )


def save_checkpoint(run: Run, path: str | os.PathLike[str], identity: str) -> None:
    arrays = {"params": run.params, "best_params": run.best_params}
    arrays |= {f"optimizer.{name}": vector for name, vector in run.optimizer.vectors.items()}
    content = {
        "identity": identity,
        "optimizer_step": run.optimizer.step,
        "history": asdict(run.history),
        "best_loss": run.best_loss if isfinite(run.best_loss) else None,
        "waited": run.waited,
    }
    storage.write(path, "checkpoint", arrays, content)


def resume(run: Run, path: str | os.PathLike[str], identity: str) -> None:
    """Continue from a checkpoint, bit for bit."""
    kind, arrays, content = storage.read(path)
    if kind != "checkpoint":
        raise ModelFileError(f"{path} holds a {kind}, not a checkpoint. Name another file, or delete it.")
    if content.get("identity") != identity:
        raise InputError(
            f"the checkpoint {path} is of another training (its data, network or settings differ). "
            "Delete it to start anew, or name another file."
        )
    with storage.guarded(path):
        run.params[...] = arrays["params"]
        run.best_params[...] = arrays["best_params"]
        for name, vector in run.optimizer.vectors.items():
            vector[...] = arrays[f"optimizer.{name}"]
        run.optimizer.step = content["optimizer_step"]
        run.history = History(**content["history"])
        run.best_loss = inf if content["best_loss"] is None else content["best_loss"]
        run.waited = content["waited"]
