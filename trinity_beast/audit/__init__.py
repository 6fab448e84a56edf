"""Who changed what, when and why: one trail for everything an operator may turn."""

from trinity_beast.audit.model import Entry, Signature, Sought
from trinity_beast.audit.service import Audit
from trinity_beast.audit.store import note, sign, signed_as

__all__ = ["Audit", "Entry", "Signature", "Sought", "note", "sign", "signed_as"]
