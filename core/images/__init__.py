"""Pictures as files: decode, colour-manage, check, encode, carry metadata; hashes and contact sheets of pictures."""
