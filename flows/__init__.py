"""What a user runs: flows and the command line."""
