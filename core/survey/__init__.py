"""Surveys: a folder of pictures looked at, one row a picture, in a table that a killed survey goes on with."""
