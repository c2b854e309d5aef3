"""Generators and discriminators: DCGAN, FastGAN, a fully connected sketch, and the recipe that picks one."""
