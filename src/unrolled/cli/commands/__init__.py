"""The commands, one per file; each is imported when it runs."""
