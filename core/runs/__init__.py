"""Runs: the kinds there are, their plans, a run's session in this process, and what is done to a finished run."""
