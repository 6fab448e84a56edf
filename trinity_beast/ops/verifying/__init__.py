"""Does a node keep the contract? Everything public is asked, as any caller would, and judged."""

from trinity_beast.ops.verifying.errors import NodeUnheard
from trinity_beast.ops.verifying.model import Verdict
from trinity_beast.ops.verifying.service import Verifier, Whom

__all__ = ["NodeUnheard", "Verdict", "Verifier", "Whom"]
