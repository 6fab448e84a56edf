"""Leaked keys: believed where signed, acted upon by the key's own policy, and nothing told beyond what must be."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.support.admin import ADMIN_SECRET, Admin
from tests.support.clock import ManualClock
from tests.web.caller import Line
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Digests, Keys, Kind, Leaks, OnLeak, Operators, Wanted
from trinity_beast.access.key_format import with_checksum
from trinity_beast.access.leaks.routes import leak_admin_routes, leak_routes
from trinity_beast.access.leaks.service import _findings
from trinity_beast.access.leaks.signatures import is_signed
from trinity_beast.access.routes import operation
from trinity_beast.audit import Signature
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Database
from trinity_beast.web import RequestInvalid

ADA = Signature("Ada")
PRIVATE = ec.derive_private_key(12_345, ec.SECP256R1())
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
STRANGER = with_checksum("tb_live_" + "s" * 32)


def signature_of(body: bytes, private: ec.EllipticCurvePrivateKey = PRIVATE) -> str:
    return base64.b64encode(private.sign(body, ec.ECDSA(SHA256()))).decode()


def found(*tokens: str, url: str = "https://example.org/a") -> bytes:
    return json.dumps([{"token": token, "type": "trinity_beast_key", "url": url, "source": "content"} for token in tokens]).encode()


@dataclass(frozen=True)
class Scanner:
    """Reports over HTTP."""

    admin: Admin

    async def report(self, body: bytes, *, identifier: str = "key-1", signature: str | None = None) -> tuple[int, object]:
        sent = signature_of(body) if signature is None else signature
        line = await Line.to(self.admin.port)
        head = ["POST /leaked-keys HTTP/1.1", "Host: beast", f"Content-Length: {len(body)}", "Connection: close"]
        head += [f"Github-Public-Key-Identifier: {identifier}", f"Github-Public-Key-Signature: {sent}"]
        try:
            await line.say("\r\n".join([*head, "", ""]).encode() + body)
            heard = await line.hear()
        finally:
            await line.hang_up()
        told = json.loads(heard.body)
        return heard.status, told if isinstance(told, list) else told["code"]

    async def labels(self, *tokens: str, url: str = "https://example.org/a") -> list[str]:
        status, told = await self.report(found(*tokens, url=url))
        assert status == 200
        assert isinstance(told, list)
        return [each["label"] for each in told]


@pytest.fixture
async def scanner(database: Database, digests: Digests, clock: ManualClock) -> AsyncIterator[Scanner]:
    leaks = Leaks(database, digests, clock)
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), SystemClock()))
    async with serving(small_app([leak_routes(leaks), leak_admin_routes(leaks, operator=operator)])) as port:
        admin = Admin(port)
        assert (await admin.post("/admin/leaks/trust", {"identifier": "key-1", "name": "GitHub", "public_key": PEM})).status == 201
        yield Scanner(admin)


async def test_a_leaked_key_is_revoked_and_its_finder_told_no_more_than_that_it_was_one(scanner: Scanner, keys: Keys) -> None:
    issued = await keys.issue("free", "mine")
    status, told = await scanner.report(found(issued.secret, STRANGER))
    digest = base64.b64encode(hashlib.sha256(issued.secret.encode()).digest()).decode()
    assert status == 200
    assert isinstance(told, list)
    assert told[0] == {"token_hash": digest, "token_type": "trinity_beast_key", "label": "true_positive"}
    assert told[1]["label"] == "false_positive"
    key = await keys.key(issued.key.key_id)
    assert key.revoked_at is not None
    assert key.leaked_at is not None
    (leak,) = (await scanner.admin.get("/admin/leaks")).data["leaks"]
    assert (leak["public_id"], leak["action"], leak["reporter"], leak["url"]) == (
        key.public_id, "revoked", "GitHub", "https://example.org/a"
    )  # fmt: skip


async def test_a_key_whose_owner_wants_to_be_told_first_goes_on(scanner: Scanner, keys: Keys) -> None:
    issued = await keys.make(Wanted("free", "mine", on_leak=OnLeak.NOTIFY), ADA)
    assert await scanner.labels(issued.secret) == ["true_positive"]
    key = await keys.key(issued.key.key_id)
    assert (key.revoked_at, key.leaked_at is not None) == (None, True)


async def test_the_same_place_reported_twice_is_one_leak_and_another_is_another(scanner: Scanner, keys: Keys) -> None:
    issued = await keys.issue("free", "mine")
    for url in ("https://a", "https://a", "https://b"):
        assert await scanner.labels(issued.secret, issued.secret, url=url) == ["true_positive"] * 2
    leaks = (await scanner.admin.get("/admin/leaks")).data["leaks"]
    assert [(leak["url"], leak["action"]) for leak in leaks] == [("https://b", "ended"), ("https://a", "revoked")]


async def test_keys_that_stand_in_addresses_on_purpose_are_no_leak(scanner: Scanner, keys: Keys) -> None:
    url = await keys.issue("free", "sheet", kind=Kind.URL)
    demo = await keys.issue("demo", "demo", kind=Kind.DEMO)
    assert await scanner.labels(url.secret, demo.secret, url.secret[:-1], "", "é\x00") == ["false_positive"] * 5
    assert (await keys.key(url.key.key_id)).leaked_at is None


async def test_nobody_is_believed_without_the_signature_of_a_key_we_know(scanner: Scanner, keys: Keys) -> None:
    issued = await keys.issue("free", "mine")
    body = found(issued.secret)
    other = signature_of(body, ec.derive_private_key(54_321, ec.SECP256R1()))
    for identifier, signature in (("key-1", other), ("key-1", ""), ("key-1", "?"), ("key-2", signature_of(body)), ("", signature_of(body))):
        assert await scanner.report(body, identifier=identifier, signature=signature) == (401, "REPORTER_UNKNOWN")
    assert await scanner.report(body + b" ", signature=signature_of(body)) == (401, "REPORTER_UNKNOWN")
    assert (await keys.key(issued.key.key_id)).revoked_at is None


async def test_whoever_guesses_is_not_listened_to_for_a_while(scanner: Scanner) -> None:
    told = [await scanner.report(found(STRANGER), signature="AAAA") for _ in range(11)]
    assert told[:10] == [(401, "REPORTER_UNKNOWN")] * 10
    assert told[10] == (429, "RATE_LIMITED")


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'[{"tok": "x"}]', b"[[" * 5_000, b'["\\ud800"]', found(*["x"] * 1_001)])
async def test_what_is_no_report_is_refused_though_it_is_signed(scanner: Scanner, body: bytes) -> None:
    assert await scanner.report(body) == (400, "REQUEST_INVALID")


async def test_a_reporter_may_be_believed_no_more(scanner: Scanner) -> None:
    assert [each["name"] for each in (await scanner.admin.get("/admin/leaks/reporters")).data["reporters"]] == ["GitHub"]
    assert (await scanner.admin.post("/admin/leaks/distrust", {"identifier": "key-1"})).status == 200
    assert (await scanner.report(found(STRANGER)))[0] == 401
    assert (await scanner.admin.post("/admin/leaks/distrust", {"identifier": "key-1"})).code == "REPORTER_UNKNOWN"


ED25519 = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
P384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"identifier": "", "name": "x", "public_key": PEM},
        {"identifier": "x", "name": "\u200b", "public_key": PEM},
        {"identifier": "x", "name": "x", "public_key": "no key"},
        {"identifier": "x", "name": "x", "public_key": ED25519},
        {"identifier": "x", "name": "x", "public_key": P384},
    ],
)
async def test_a_reporter_without_a_name_or_a_key_is_refused(scanner: Scanner, asked: dict[str, str]) -> None:
    assert (await scanner.admin.post("/admin/leaks/trust", asked)).code == "REPORTER_INVALID"


@pytest.mark.parametrize("path", ["", "/reporters"])
async def test_nobody_but_operators_sees_leaks(scanner: Scanner, path: str) -> None:
    assert (await replace(scanner.admin, secret=None).get(f"/admin/leaks{path}")).code == "ADMIN_KEY_MISSING"


@given(st.binary(max_size=200), st.text(max_size=120))
def test_no_bytes_and_no_text_pass_for_a_signature(body: bytes, signature: str) -> None:
    assert not is_signed(body, signature, PEM)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=20).map(lambda v: json.dumps(v).encode())
)
def test_whatever_is_sent_is_a_report_or_refused(body: bytes) -> None:
    try:
        findings = _findings(body)
    except RequestInvalid:
        return
    assert all(isinstance(finding.token, str) for finding in findings)
