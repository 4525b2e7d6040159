"""Networks: cells, layers, losses, optimizers, engines and training; NumPy alone."""
