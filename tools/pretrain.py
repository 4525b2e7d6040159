"""Train the network that forecasts series which it has never seen, from made-up series.

    python tools/pretrain.py network.safetensors

A checkpoint is written beside the file, from which a training that was interrupted goes on with the same bits.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from unrolled.forecasting.pretrained.pretraining import HIDDEN, LESSONS, Pretraining, pretrain


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the network that forecasts series it has never seen.")
    parser.add_argument("path", type=Path, help="file of the network; a checkpoint is written beside it")
    parser.add_argument("--lessons", type=int, default=LESSONS)
    parser.add_argument("--hidden", type=int, default=HIDDEN)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()

    def tell(run: Pretraining, loss: float) -> None:
        print(f"lesson {run.done} of {run.lessons}, loss {loss:.4f}, {time.monotonic() - began:.0f} s", flush=True)

    pretrain(given.path, given.lessons, given.hidden, given.seed, tell)


if __name__ == "__main__":
    main()
