"""Scores of pictures: style and content statistics, technical quality, harmony, composition, learned preference."""
