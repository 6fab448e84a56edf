"""Usage rows in the shared cache, brought into step with the database."""

from trinity_beast.usage.mirror.service import Mirrored, UsageMirror

__all__ = ["Mirrored", "UsageMirror"]
