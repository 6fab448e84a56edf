"""Where traces go, as the standard variables say. Pure.

Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/, read 2026-11-20.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

PATH = "v1/traces"


@dataclass(frozen=True, slots=True)
class OtlpAddress:
    """The address traces are posted to, and the header fields that go with them, which may be secret."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def otlp_address(endpoint: str, headers: str = "") -> OtlpAddress:
    """Return where traces go: below `endpoint`; `headers` are `name=value` with commas between, values percent-encoded.

    Raises:
        ValueError: either cannot be read; the message names neither, for both may hold secrets.
    """
    try:
        parts = urlsplit(endpoint)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be an address such as http://127.0.0.1:4318, without user, query or fragment")
    return OtlpAddress(f"{endpoint.rstrip('/')}/{PATH}", dict(_field(pair) for pair in headers.split(",") if pair.strip()))


def _field(pair: str) -> tuple[str, str]:
    name, is_pair, value = pair.partition("=")
    name, value = name.strip(), unquote(value.strip())
    if not is_pair or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or not value.isprintable():
        raise ValueError("headers must be name=value with commas between, values percent-encoded")
    return name, value
