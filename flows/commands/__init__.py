"""Bodies of the commands: one module a command or a family of them."""
