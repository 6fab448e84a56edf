"""The only form in which secrets are kept."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.access import Digests


@given(st.binary(min_size=32, max_size=64), st.text())
def test_a_digest_is_hmac_sha_256_under_the_server_secret(server_secret: bytes, secret: str) -> None:
    digest = Digests(server_secret).digest_of(secret)
    assert digest == hmac.new(server_secret, secret.encode(), hashlib.sha256).digest()
    assert Digests(server_secret).match(secret, digest)


@given(st.text(), st.text())
def test_only_the_same_secret_matches(one: str, other: str) -> None:
    digests = Digests(b"s" * 32)
    assert digests.match(other, digests.digest_of(one)) is (one == other)


def test_the_fingerprint_tells_server_secrets_apart_and_gives_nothing_away() -> None:
    one, other = Digests(b"a" * 32), Digests(b"b" * 32)
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == Digests(b"a" * 32).fingerprint
    assert len(one.fingerprint) == 12
