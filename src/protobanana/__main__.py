"""`python -m protobanana` is the same as `protobanana`."""

from protobanana.cli import main

main()
