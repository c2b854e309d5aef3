"""Reports: gallery and summary of a run, board of a survey, evaluation of a GAN."""
