"""Checkpoints of GANs and the classes that they know."""
