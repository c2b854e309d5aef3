"""Pixels of style transfer: tensors, colour, masks and regions, upsampling, tiles' spans."""
