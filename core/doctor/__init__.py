"""Checks of the machine, its networks and a spec: each only looks."""
