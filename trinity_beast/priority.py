"""Who goes first when processors are short: the engine."""

import os

BEHIND_THE_ENGINE = 10
"""A tenth of the engine's weight: enough for six feeds beside two saturated processors, and far too little to hold an answer up."""


def give_way() -> None:
    """Let the calling thread, and those it starts from now on, give way to the engine's threads."""
    os.setpriority(os.PRIO_PROCESS, 0, max(os.getpriority(os.PRIO_PROCESS, 0), BEHIND_THE_ENGINE))  # On Linux 0 is this thread alone.
