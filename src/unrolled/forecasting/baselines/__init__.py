"""The methods that networks are compared with."""
