"""What the networks read: windows, features, the calendar."""
