"""An address or network as it is blocked: read strictly, written in one way, v4 ones in their v6-mapped place."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

V4_PREFIX = 96
"""Where v4 addresses begin among v6 ones: a socket for both kinds sees `::ffff:10.0.0.1`, and the engine keeps it so."""
V4_PLACE = 0xFFFF << 32
TEXT_CHARACTERS_MAX = 64
_LENGTH = re.compile(r"[0-9]{1,3}")
_NEITHER = "neither an address nor a network"


@dataclass(frozen=True, slots=True, order=True)
class Network:
    """All addresses that share their first `prefix` bits. `str()` of it reads as it is commonly written."""

    bits: int
    prefix: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`. Bits beyond the prefix are dropped.

        Raises:
            ValueError: it is neither an address nor a network.
        """
        written, slash, length = text.partition("/")
        address = _address(written)
        widest = address.max_prefixlen
        if slash and (not _LENGTH.fullmatch(length) or int(length) > widest):
            raise ValueError(_NEITHER)
        prefix = int(length) if slash else widest
        if address.version == 4:
            return cls._masked(V4_PLACE | int(address), V4_PREFIX + prefix)
        return cls._masked(int(address), prefix)

    @classmethod
    def _masked(cls, bits: int, prefix: int) -> Self:
        return cls(bits >> (128 - prefix) << (128 - prefix), prefix)

    def overlaps(self, other: "Network") -> bool:
        """Whether some address lies in both."""
        shared = 128 - min(self.prefix, other.prefix)
        return self.bits >> shared == other.bits >> shared

    def __str__(self) -> str:
        if self.prefix >= V4_PREFIX and self.bits >> 32 == V4_PLACE >> 32:
            address, length, widest = str(ipaddress.IPv4Address(self.bits & 0xFFFF_FFFF)), self.prefix - V4_PREFIX, 32
        else:
            address, length, widest = str(ipaddress.IPv6Address(self.bits)), self.prefix, 128
        return address if length == widest else f"{address}/{length}"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(text if len(text) <= TEXT_CHARACTERS_MAX else "")
    except ValueError:
        raise ValueError(_NEITHER) from None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        raise ValueError(_NEITHER)  # An address of one link only.
    return address


LOOPBACK = (Network.read("127.0.0.0/8"), Network.read("::1"))
"""The machine's own: whoever blocks it shuts out its balancer's probes, its console and the verbs of `beast`."""


def protected(network: Network, own: str) -> str | None:
    """Return what blocking `network` would shut out that nobody means to: loopback, or `own`, the asker's address. None: nothing."""
    for loopback in LOOPBACK:
        if network.overlaps(loopback):
            return f"loopback ({loopback})"
    try:
        mine = Network.read(own)
    except ValueError:
        return None  # A command on the machine itself comes from no address.
    return f"your own address ({mine})" if network.overlaps(mine) else None
