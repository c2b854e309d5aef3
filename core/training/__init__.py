"""Training of networks of any kind: spec, plan, run folder, metrics log, trainer, loop with checkpoints, session."""
