"""Train the pretrained network on synthetic series.

    python tools/pretrain.py network.safetensors

A checkpoint is written beside the file; an interrupted training continues from it with the same bits.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from unrolled.errors import InputError
from unrolled.forecasting.pretrained.pretraining import HIDDEN, LESSONS, Pretraining, pretrain


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the pretrained network.")
    parser.add_argument("path", type=Path, help="file of the network; a checkpoint is written beside it")
    parser.add_argument("--lessons", type=int, default=LESSONS, help=f"number of lessons (default: {LESSONS})")
    parser.add_argument("--hidden", type=int, default=HIDDEN, help=f"units of each layer (default: {HIDDEN})")
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the first weights and of the lessons (default: 0)"
    )
    given = parser.parse_args()
    began = time.monotonic()

    def tell(run: Pretraining, loss: float) -> None:
        print(f"lesson {run.done} of {run.lessons}, loss {loss:.4f}, {time.monotonic() - began:.0f} s", flush=True)

    try:
        pretrain(given.path, given.lessons, given.hidden, given.seed, tell)
    except InputError as error:
        parser.error(str(error))
    print(f"{given.path} is complete; delete its checkpoint to begin anew.")


if __name__ == "__main__":
    main()
