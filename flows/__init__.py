"""Flows, the command line, and displays."""
