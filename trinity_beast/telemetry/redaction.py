"""What a log line must never hold, and how it is taken out."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set

HIDDEN = "***"
_SECRET_CHARACTERS_MIN = 4
_INTEGER_BITS = 64  # Longer ones are written as text: not every reader of JSON holds them.

_HEADERS = frozenset(("authorization", "proxy-authorization", "x-api-key", "api_key", "apikey", "cookie", "set-cookie"))
_SECRETS = frozenset(("key", "admin_key", "secret", "password", "passwd", "token", "digest_secret"))
_ADDRESSES = frozenset(("dsn", "database_url", "database_reader_url", "cache_url", "queue_url"))
_FACT_NAMES = _HEADERS | _SECRETS | _ADDRESSES

_KEY = re.compile(r"tb_(live|test|demo|url|admin)_[0-9A-Za-z]+")
_HEADER = re.compile(
    r"""((?:proxy-)?authorization|x-api-key|admin_key|api_?key|(?:pg)?password|passwd|secret|token)(["']?\s*[:=]\s*)"""
    r"""(?:(["'])[^"']*\3|(?:(?:bearer|basic|digest|token)\s+)?[^\s"',;}&)]+)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[0-9A-Za-z._~+/=-]{8,}", re.IGNORECASE)
_URL = re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@\"'<>]*):[^\s\"'<>]*@", re.IGNORECASE)


class Redactor:
    """Takes secrets out of whatever is about to be written: by shape, by the name of the fact, and those it was told of."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Know these very `secrets` besides. One of fewer than 4 characters is ignored: it would hide every other word."""
        self._secrets: tuple[str, ...] = ()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Take out `secret` too from now on, such as an admin key that was just made."""
        if len(secret) >= _SECRET_CHARACTERS_MIN and secret not in self._secrets:
            # Longest first: a secret that holds another must go whole.
            self._secrets = tuple(sorted((*self._secrets, secret), key=len, reverse=True))

    def text(self, text: str) -> str:
        """Return `text` without any secret."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _URL.sub(rf"\1:{HIDDEN}@", text)
        text = _KEY.sub(rf"tb_\1_{HIDDEN}", text)
        text = _HEADER.sub(rf"\1\2{HIDDEN}", text)
        text = _BEARER.sub(rf"\1 {HIDDEN}", text)
        return text.encode("utf-8", "backslashreplace").decode()

    def fact(self, name: str, value: object) -> object:
        """Return a fact as it may be written: whole where it is harmless, hidden where its name says it is a secret."""
        if name.lower() in _FACT_NAMES and value not in (None, ""):
            return HIDDEN
        return self._value(value)

    def facts(self, facts: Mapping[str, object]) -> dict[str, object]:
        """Return `facts` as they may be written."""
        return {self.text(str(name)): self.fact(str(name), value) for name, value in facts.items()}

    def _value(self, value: object) -> object:
        if value is None or isinstance(value, float) or (isinstance(value, int) and value.bit_length() < _INTEGER_BITS):
            return value
        if isinstance(value, Mapping):
            return self.facts(value)
        if isinstance(value, Sequence | Set) and not isinstance(value, str | bytes | bytearray | memoryview):
            return [self._value(each) for each in value]
        return self.text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
