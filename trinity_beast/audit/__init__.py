"""Who changed what, when and why: one trail for everything an operator may turn."""

from trinity_beast.audit.model import Entry, Note, Signature, Sought
from trinity_beast.audit.service import Audit
from trinity_beast.audit.store import expect_version, note, sign, signed_as, versions

__all__ = ["Audit", "Entry", "Note", "Signature", "Sought", "expect_version", "note", "sign", "signed_as", "versions"]
