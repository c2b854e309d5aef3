"""Creation: generators and discriminators, their training, sampling, and how sets of samples are judged."""
