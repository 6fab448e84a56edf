"""Who is turned away, who guesses, what is blocked or leaked, and how old the secrets are: from what a node knows."""

from trinity_beast.ops.security.service import KnownOfIntruders, Security

__all__ = ["KnownOfIntruders", "Security"]
