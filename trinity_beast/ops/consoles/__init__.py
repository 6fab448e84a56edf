"""The consoles of operators: SQL and Valkey, asked in roles that can do no harm."""

from trinity_beast.ops.consoles.confirmations import Confirmations
from trinity_beast.ops.consoles.service import CacheDesk, SqlDesk, passwords_of

__all__ = ["CacheDesk", "Confirmations", "SqlDesk", "passwords_of"]
