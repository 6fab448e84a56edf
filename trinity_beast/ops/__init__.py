"""What one person needs to run it: the examination, backups, the consoles, the state of everything on one screen."""

from trinity_beast.ops.backup import Maker
from trinity_beast.ops.consoles import CacheDesk, Confirmations, SqlDesk, passwords_of
from trinity_beast.ops.doctor import Listener, Premises
from trinity_beast.ops.verifying import Whom

__all__ = ["CacheDesk", "Confirmations", "Listener", "Maker", "Premises", "SqlDesk", "Whom", "passwords_of"]
