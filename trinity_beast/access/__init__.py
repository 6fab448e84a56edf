"""Who may ask for what, how fast and how much."""

from trinity_beast.access.alerts import QuotaAlerts
from trinity_beast.access.blocklist import CHANNEL as BLOCKLIST_CHANNEL
from trinity_beast.access.blocklist import Blocklist, BlocklistWatch
from trinity_beast.access.callers import Callers, EngineKeys, KeyStanding, LooksUp, Passage
from trinity_beast.access.changes import CHANNEL, ChangeWatch
from trinity_beast.access.digests import Digests
from trinity_beast.access.doorman import Doorman, Patience
from trinity_beast.access.engine_gate import EngineGate
from trinity_beast.access.errors import (
    ADMIN_REFUSALS,
    KEY_REFUSALS,
    AdminKeyMissing,
    AdminKeyWeak,
    AdminKeyWrong,
    AdminTriesSpent,
    KeyExpired,
    KeyExpiryInvalid,
    KeyForbids,
    KeyInvalid,
    KeyMissing,
    KeyNameInvalid,
    KeyRevoked,
    KeyTriesSpent,
    KeyUnknown,
    QuotaSpent,
    RateLimited,
    TierForbids,
    TierUnknown,
)
from trinity_beast.access.first_keys import AdminKey, MadeAdminKey, admin_key, demo_key, server_digests, server_secret
from trinity_beast.access.gate import Gate, Questions
from trinity_beast.access.key_format import kind_of
from trinity_beast.access.ledger import Ledger
from trinity_beast.access.model import Grant, IssuedKey, Key, KeyState, Kind, Refused, Tier
from trinity_beast.access.operators import Operator, Operators
from trinity_beast.access.service import Keys
from trinity_beast.access.tries import KeyTries

__all__ = [
    "ADMIN_REFUSALS",
    "BLOCKLIST_CHANNEL",
    "CHANNEL",
    "KEY_REFUSALS",
    "AdminKey",
    "AdminKeyMissing",
    "AdminKeyWeak",
    "AdminKeyWrong",
    "AdminTriesSpent",
    "Blocklist",
    "BlocklistWatch",
    "Callers",
    "ChangeWatch",
    "Digests",
    "Doorman",
    "EngineGate",
    "EngineKeys",
    "Gate",
    "Grant",
    "IssuedKey",
    "Key",
    "KeyExpired",
    "KeyExpiryInvalid",
    "KeyForbids",
    "KeyInvalid",
    "KeyMissing",
    "KeyNameInvalid",
    "KeyRevoked",
    "KeyStanding",
    "KeyState",
    "KeyTries",
    "KeyTriesSpent",
    "KeyUnknown",
    "Keys",
    "Kind",
    "Ledger",
    "LooksUp",
    "MadeAdminKey",
    "Operator",
    "Operators",
    "Passage",
    "Patience",
    "Questions",
    "QuotaAlerts",
    "QuotaSpent",
    "RateLimited",
    "Refused",
    "Tier",
    "TierForbids",
    "TierUnknown",
    "admin_key",
    "demo_key",
    "kind_of",
    "server_digests",
    "server_secret",
]
