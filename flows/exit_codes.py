"""Exit codes of the command line."""

ALL_DONE = 0
CRASHED = 1
WRONG_SPEC = 2
UNFINISHED = 3
"""Some jobs failed, are left for another night, or another process is making the run."""
