"""`python -m trinity_beast` and the script `beast`.

What is imported stays for good. While it comes, the collector would look through all of it again and again
and find nothing: a fifth of a start's processor time. Once it is there it is frozen, so that a node's full
collections, which hold up every task, need not walk through it either.
"""

import gc

gc.disable()

from trinity_beast import cli  # noqa: E402 - the collector stands still before anything else comes

gc.freeze()
gc.enable()


def main() -> None:
    """Run the program, as the script `beast` asks it."""
    cli.main()


if __name__ == "__main__":
    main()
