"""What trainings of every kind share: spec, plan, folder, figures, the loop with its checkpoints, who is on duty."""
