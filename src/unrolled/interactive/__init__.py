"""Interaction with the user: progress, Ctrl-C, notebooks, figures."""
