"""The command line: every command with its options; what it does is in `flows.commands`."""

from flows.cli.application import app, main

__all__ = ["app", "main"]
