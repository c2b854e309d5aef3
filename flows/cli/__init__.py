"""The command line: every command with its options; what it does is in `flows.commands`."""

from flows.cli.entry import main

__all__ = ["main"]
