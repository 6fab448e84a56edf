"""Targets as they are written, and which of them may be asked: this machine's own, and those somebody says are theirs."""

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from trinity_beast.stress.errors import StressPlanInvalid, TargetAway, TargetNotMine
from trinity_beast.stress.model import SCHEMES, Protocol, Target

TARGET_CHARACTERS_MAX = 1_000


def read_target(text: str) -> Target:
    """Read `http://HOST:PORT`, `http://HOST:PORT/path?query` or `udp://HOST:PORT`.

    Raises:
        StressPlanInvalid: it is none.
    """
    told = StressPlanInvalid(reason=f"{text[:100]!r} is no target; one is http://HOST:PORT, with a path or without, or udp://HOST:PORT")
    if len(text) > TARGET_CHARACTERS_MAX or not (text.isascii() and text.isprintable()):
        raise told
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise told from error
    if parts.scheme not in SCHEMES or not host or not port or parts.username is not None or parts.fragment:
        raise told
    protocol = Protocol(SCHEMES[parts.scheme])
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if protocol is Protocol.UDP and path:
        raise told
    return Target(protocol, host, port, "" if path == "/" else path)


def expect_mine(target: Target, mine: Collection[str]) -> Target:
    """Return `target` by the address it will be asked at, if that is this machine's own or its host is among `mine`.

    The address is looked up here, once, and asked as it was found: a name that leads elsewhere a moment later leads nobody astray.

    Raises:
        TargetNotMine: the host lies beyond this machine, and nobody said that it is theirs.
        TargetAway: the host has no address.
    """
    try:
        kind = socket.SOCK_DGRAM if target.protocol is Protocol.UDP else socket.SOCK_STREAM
        found = socket.getaddrinfo(target.host, target.port, type=kind)
    except (OSError, UnicodeError) as error:
        raise TargetAway(target=str(target), reason=str(error)) from error
    addresses = sorted({str(entry[4][0]) for entry in found}, key=lambda address: ":" in address)
    if target.host not in mine and not all(_is_loopback(address) for address in addresses):
        raise TargetNotMine(host=target.host, address=addresses[0])
    return Target(target.protocol, addresses[0], target.port, target.path)


def _is_loopback(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
