"""What a night has to say for itself: the gallery and the summary of a run."""
