"""`python -m trinity_beast` is `beast`."""

from trinity_beast.cli import main

if __name__ == "__main__":
    main()
