"""CUDA without a GPU: fake tensors on a pretended device, whose operations are counted while real code runs."""
