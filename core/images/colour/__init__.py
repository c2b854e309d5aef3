"""Colour of picture files: ICC profiles, and what says in which colours the values of a file are."""
