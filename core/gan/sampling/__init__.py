"""Sampling: latents, seeds, micro-batches, sheets and walks."""
