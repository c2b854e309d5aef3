"""Training of GANs: augmentation, losses, the step, divergence checks."""
