"""Analysis of pictures (colour, mood, structure), recommendation of styles, and search for like pictures."""
