"""The state of a training, and its checkpoint file: a resumed training continues bit for bit."""

import os
import zlib
from dataclasses import asdict, dataclass
from math import inf, isfinite

import numpy as np

from ... import storage
from ...arrays import Array
from ...errors import InputError, ModelFileError
from ..engines import Engine, Job
from ..optimizers import OptimizerState
from .history import History
from .plan import TrainingPlan


@dataclass
class TrainingState:
    """Everything that changes during a training; a checkpoint holds exactly this."""

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
    engine: Engine, job: Job, plan: TrainingPlan, dtype: np.dtype, training_rows: Array, validation_rows: Array
) -> str:
    """A text that a resumed training must have in common with the interrupted one: data, network and settings."""
    sample = job.data.batch(np.concatenate((training_rows, validation_rows)), np.dtype(np.float64))
    parts = (*sample.inputs.values(), sample.target, sample.weight, sample.lengths, sample.unit)
    checksum = 0
    for part in parts:
        if part is not None:
            checksum = zlib.crc32(np.ascontiguousarray(part).tobytes(), checksum)
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
            "epochs": plan.epochs,
            "seed": job.seed,
            "shuffle": plan.shuffle,
            "rows": [len(training_rows), len(validation_rows)],
            "data": checksum,
        }
    )


def save_checkpoint(run: TrainingState, path: str | os.PathLike[str], identity: str) -> None:
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


def resume(run: TrainingState, path: str | os.PathLike[str], identity: str) -> None:
    """Continue from a checkpoint, bit for bit."""
    kind, arrays, content = storage.read(path)
    if kind != "checkpoint":
        raise ModelFileError(f"{path} holds a {kind}, not a checkpoint. Name another file, or delete it.")
    if content.get("identity") != identity:
        raise InputError(
            f"the checkpoint {path} is of another training (its data, network or settings differ). "
            "Delete it to train from the start, or name another file."
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
