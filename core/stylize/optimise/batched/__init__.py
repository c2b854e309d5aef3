"""Optimisation of several pictures at once as one step on an accelerator, which the host queues without waiting for it."""
