"""The mathematics of the cells, each in its own file."""

from .base import CELLS, Cell, HiddenState, cell_named, register_cell
from .gru import GRU
from .lstm import LSTM, LSTMState
from .rnn import RNN

__all__ = ["CELLS", "GRU", "LSTM", "RNN", "Cell", "HiddenState", "LSTMState", "cell_named", "register_cell"]
