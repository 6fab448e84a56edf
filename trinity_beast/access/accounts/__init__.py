"""Accounts as access needs them: somebody who has several keys."""

from trinity_beast.access.accounts.service import Accounts

__all__ = ["Accounts"]
