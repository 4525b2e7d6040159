"""What people see while something runs: progress, Ctrl-C, notebooks, figures."""
