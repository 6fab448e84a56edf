"""From where operators may ask."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from trinity_beast.access.blocklist.network import Network

LOOPBACK = (Network.read("127.0.0.0/8"), Network.read("::1"))


@lru_cache(maxsize=4)
def networks_in(text: str) -> Sequence[Network]:
    """Return the networks that a text names, commas between; none in an empty one.

    Raises:
        ValueError: something in it is neither an address nor a network.
    """
    return tuple(Network.read(each.strip()) for each in text.split(",")) if text.strip() else ()


def are_networks(text: str) -> bool:
    """Whether a text names networks and nothing else."""
    try:
        networks_in(text)
    except ValueError:
        return False
    return True


def is_among(address: str, allowed: Sequence[Network]) -> bool:
    """Whether operators may ask from `address`: from anywhere where nothing is said, from this machine always.

    Were this machine left out, a slip would shut out everybody, whoever could mend it among them.
    """
    if not allowed:
        return True
    try:
        here = Network.read(address)
    except ValueError:
        return False
    return any(here.overlaps(network) for network in (*allowed, *LOOPBACK))


def names_networks(values: Mapping[str, str]) -> bool:
    """Whether what is set for operators' networks can be read."""
    return are_networks(values["admin_networks"])
