"""The automatic choice of a configuration."""
