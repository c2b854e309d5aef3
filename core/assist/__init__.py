"""Assisted creation: what a picture is made of, in structure, colour and emotion, and what may come of it."""
