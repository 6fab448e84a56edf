"""The certificates a node stands on: read from their files, and judged."""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from trinity_beast.ops.doctor.judging import judge_certificate
from trinity_beast.ops.doctor.model import Certificate, Diagnosis
from trinity_beast.storage import CacheAddressInvalid, DatabaseAddressInvalid, cache_address, certificate_files

FILE_BYTES_MAX = 4_194_304


def certificate_looks(database_url: str, cache_url: str, now: datetime) -> list[Diagnosis]:
    """Return how each file of certificates stands that the addresses name; nothing where an address cannot be read."""
    try:
        files = certificate_files(database_url) if database_url else []
        ca_file = cache_address(cache_url).ca_file if cache_url else ""
    except (DatabaseAddressInvalid, CacheAddressInvalid):
        return []  # Whoever looks at the database and the cache tells of it.
    named = [*files, *([Path(ca_file)] if ca_file else [])]
    return [judge_certificate(str(path), certificates_in(path), now) for path in named]


def certificates_in(path: Path) -> list[Certificate]:
    """Return every certificate of a PEM file; none where it cannot be read or holds none."""
    try:
        with path.open("rb") as file:
            loaded = x509.load_pem_x509_certificates(file.read(FILE_BYTES_MAX))
    except (OSError, ValueError):
        return []
    return [Certificate(_name(each), each.not_valid_before_utc, each.not_valid_after_utc) for each in loaded]


def _name(certificate: x509.Certificate) -> str:
    try:
        named = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return "it"
    return str(named[0].value) if named else "it"
