"""What a database address may look like."""

import traceback

import pytest

from trinity_beast.storage import DatabaseAddressInvalid
from trinity_beast.storage.addresses import database_url, libpq_url

HIDDEN = "correct-horse"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_means_psycopg(scheme: str) -> None:
    url = database_url(f"{scheme}://beast:{HIDDEN}@db.example:6543/prices?sslmode=require")
    assert url.drivername == "postgresql+psycopg"
    assert libpq_url(url) == f"postgresql://beast:{HIDDEN}@db.example:6543/prices?sslmode=require"


@pytest.mark.parametrize("text", ["", "prices", f"mysql://beast:{HIDDEN}@db/prices", f"postgresql://beast:{HIDDEN}@db:port/prices"])
def test_any_other_address_is_refused_and_its_password_never_told(text: str) -> None:
    with pytest.raises(DatabaseAddressInvalid) as refusal:
        database_url(text)
    assert HIDDEN not in str(refusal.value)
    assert HIDDEN not in "".join(traceback.format_exception(refusal.value))
