"""Pointing an ordinary feed row at a stand-in. Nothing else about the row changes."""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from trinity_beast.lab.model import LabAddresses


def row_for_lab(row: Mapping[str, object], addresses: LabAddresses) -> dict[str, object]:
    """Return `row` with `endpoint` and every web address inside `rest_rules` moved to the stand-in; paths and queries stay."""
    changed = dict(row)
    changed["endpoint"] = endpoint_for_lab(str(row["endpoint"]), addresses)
    if "rest_rules" in row:
        changed["rest_rules"] = rest_rules_for_lab(row["rest_rules"], addresses)
    return changed


def endpoint_for_lab(endpoint: str, addresses: LabAddresses) -> str:
    """Return a socket address at the stand-in, with the path and query of `endpoint`."""
    return _moved(endpoint, addresses.ws_url)


def rest_rules_for_lab(rules: object, addresses: LabAddresses) -> object:
    """Return `rules` (what a row's JSON holds) with every http address in it moved."""
    if isinstance(rules, Mapping):
        return {name: rest_rules_for_lab(value, addresses) for name, value in rules.items()}
    if isinstance(rules, list):
        return [rest_rules_for_lab(value, addresses) for value in rules]
    if isinstance(rules, str) and rules.startswith(("https://", "http://")):
        return _moved(rules, addresses.rest_url)
    return rules


def _moved(address: str, to: str) -> str:
    scheme, netloc = urlsplit(to)[:2]
    return urlunsplit((scheme, netloc, *urlsplit(address)[2:]))
