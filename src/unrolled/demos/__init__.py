"""The five classic demos, each in one file that can be read from top to bottom.

Every demo has a function `run(say=..., seed=0, epochs=..., ...) -> DemoResult`. `say` is called with each line of its
output; `seed` is that of the first weights and of all else that is random; `epochs` counts passes over the data.

>>> from unrolled.demos import DEMOS
>>> result = DEMOS["fish"](seed=3)
>>> result.right, round(result.numbers["prediction"], 2)
(True, 1.25)
"""

from collections.abc import Callable

from . import counting, fish, sales, stock, symbols
from .base import DemoResult

__all__ = ["DEMOS", "DemoResult"]

DEMOS: dict[str, Callable[..., DemoResult]] = {
    "fish": fish.run,
    "symbols": symbols.run,
    "counting": counting.run,
    "sales": sales.run,
    "stock": stock.run,
}
