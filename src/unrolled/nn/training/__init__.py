"""Training through epochs."""
