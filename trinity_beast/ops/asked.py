"""What operators send."""

from pydantic import BaseModel, ConfigDict, Field

from trinity_beast.access import Operator
from trinity_beast.audit import Signature


class Reasoned(BaseModel):
    """A deed and why it is done."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(default="", max_length=500, pattern=r"^[^\x00]*$", description="Why, for the trail.")

    def signed(self, who: Operator, action: str) -> Signature:
        """Return who does it, why, and what it is called."""
        return Signature(str(who), self.reason, action)
