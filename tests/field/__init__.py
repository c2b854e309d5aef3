"""Kinds of faults that public bug reports of other tools tell of, each with the right value."""
