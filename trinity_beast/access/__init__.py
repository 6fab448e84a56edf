"""Who may ask for what, how fast and how much."""

from trinity_beast.access.accounts import Accounts
from trinity_beast.access.alerts import QuotaAlerts
from trinity_beast.access.blocklist import CHANNEL as BLOCKLIST_CHANNEL
from trinity_beast.access.blocklist import Block, Blocklist, BlocklistWatch
from trinity_beast.access.busiest import Busiest
from trinity_beast.access.callers import Approach, Callers, EngineKeys, KeyStanding, LooksUp, Passage
from trinity_beast.access.changes import CHANNEL, ChangeWatch
from trinity_beast.access.cluster import NODES_EXPECTED, Fellow, LeaseExchange, LeaseSize, Membership, QuotaBlocks, nodes_alive
from trinity_beast.access.digests import Digests
from trinity_beast.access.doorman import Doorman, Patience
from trinity_beast.access.engine_gate import EngineGate
from trinity_beast.access.errors import (
    ADMIN_REFUSALS,
    KEY_REFUSALS,
    AccountUnknown,
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
    KeyRestrictionsInvalid,
    KeyRevoked,
    KeyTriesSpent,
    KeyUnknown,
    QuotaSpent,
    RateLimited,
    ServerSecretDiffers,
    ServerSecretInvalid,
    TierChanged,
    TierForbids,
    TierInUse,
    TierInvalid,
    TierUnknown,
)
from trinity_beast.access.features import Features
from trinity_beast.access.first_keys import (
    ADMIN_DIGEST,
    DEMO_KEY,
    SERVER_SECRET,
    AdminKey,
    MadeAdminKey,
    admin_key,
    demo_key,
    server_digests,
    server_secret,
)
from trinity_beast.access.gate import Gate, Questions
from trinity_beast.access.governor import Governor
from trinity_beast.access.key_format import kind_of
from trinity_beast.access.last_uses import LastUses
from trinity_beast.access.leaks import Leak, Leaks
from trinity_beast.access.model import Account, Grant, IssuedKey, Key, KeyCensus, KeyFilter, KeyState, Kind, OnLeak, Refused, Tier
from trinity_beast.access.operators import Guesses, Operator, Operators
from trinity_beast.access.reaching import Where
from trinity_beast.access.restrictions import Restrictions, Scope
from trinity_beast.access.service import Keys, Wanted
from trinity_beast.access.shared_keys import CHANNEL as KEY_BROADCASTS
from trinity_beast.access.shared_keys import ChangedLately, KeyBroadcast, SharedKeys
from trinity_beast.access.tiers import Tiers, WantedTier
from trinity_beast.access.tries import KeyTries

__all__ = [
    "ADMIN_DIGEST",
    "ADMIN_REFUSALS",
    "BLOCKLIST_CHANNEL",
    "CHANNEL",
    "DEMO_KEY",
    "KEY_BROADCASTS",
    "KEY_REFUSALS",
    "NODES_EXPECTED",
    "SERVER_SECRET",
    "Account",
    "AccountUnknown",
    "Accounts",
    "AdminKey",
    "AdminKeyMissing",
    "AdminKeyWeak",
    "AdminKeyWrong",
    "AdminTriesSpent",
    "Approach",
    "Block",
    "Blocklist",
    "BlocklistWatch",
    "Busiest",
    "Callers",
    "ChangeWatch",
    "ChangedLately",
    "Digests",
    "Doorman",
    "EngineGate",
    "EngineKeys",
    "Features",
    "Fellow",
    "Gate",
    "Governor",
    "Grant",
    "Guesses",
    "IssuedKey",
    "Key",
    "KeyBroadcast",
    "KeyCensus",
    "KeyExpired",
    "KeyExpiryInvalid",
    "KeyFilter",
    "KeyForbids",
    "KeyInvalid",
    "KeyMissing",
    "KeyNameInvalid",
    "KeyRestrictionsInvalid",
    "KeyRevoked",
    "KeyStanding",
    "KeyState",
    "KeyTries",
    "KeyTriesSpent",
    "KeyUnknown",
    "Keys",
    "Kind",
    "LastUses",
    "Leak",
    "Leaks",
    "LeaseExchange",
    "LeaseSize",
    "LooksUp",
    "MadeAdminKey",
    "Membership",
    "OnLeak",
    "Operator",
    "Operators",
    "Passage",
    "Patience",
    "Questions",
    "QuotaAlerts",
    "QuotaBlocks",
    "QuotaSpent",
    "RateLimited",
    "Refused",
    "Restrictions",
    "Scope",
    "ServerSecretDiffers",
    "ServerSecretInvalid",
    "SharedKeys",
    "Tier",
    "TierChanged",
    "TierForbids",
    "TierInUse",
    "TierInvalid",
    "TierUnknown",
    "Tiers",
    "Wanted",
    "WantedTier",
    "Where",
    "admin_key",
    "demo_key",
    "kind_of",
    "nodes_alive",
    "server_digests",
    "server_secret",
]
