"""Training: the loop over epochs, checkpoints, histories."""
