"""Whether a report was signed by whom it says: ECDSA on P-256 over SHA-256, as secret-scanning partners sign.

Source: https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program, read 2026-11-20.
"""

import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key


def is_signed(body: bytes, signature: str, public_key: str) -> bool:
    """Whether `signature`, in base64, is that key's of exactly these bytes."""
    key = _key_of(public_key)
    try:
        octets = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    if key is None:
        return False
    try:
        key.verify(octets, body, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def is_public_key(text: str) -> bool:
    """Whether this is a public key we can verify with, in PEM."""
    return _key_of(text) is not None


def _key_of(text: str) -> EllipticCurvePublicKey | None:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None
