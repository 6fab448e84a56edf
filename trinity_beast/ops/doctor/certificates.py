"""Reading certificates from files."""

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from trinity_beast.ops.doctor.model import Certificate

FILE_BYTES_MAX = 4_194_304


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
