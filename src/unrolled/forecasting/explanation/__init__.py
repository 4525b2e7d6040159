"""Why a forecast is what it is: exact derivatives, and exact Shapley values of a few groups of its causes."""
