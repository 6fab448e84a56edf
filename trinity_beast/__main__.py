"""`python -m trinity_beast` is `beast`."""

from trinity_beast.cli import main

main()
