import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.telemetry.tracing import otlp_address


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://otlp.example/", "https://otlp.example/v1/traces"),
        ("https://otlp.example/tenant/7", "https://otlp.example/tenant/7/v1/traces"),
    ],
)
def test_traces_go_below_the_endpoint(endpoint: str, url: str) -> None:
    assert otlp_address(endpoint).url == url


def test_headers_are_read_and_do_not_show() -> None:
    address = otlp_address("http://127.0.0.1:4318", "api-key=hush%20hush, X-Tenant=7,")
    assert address.headers == {"api-key": "hush hush", "X-Tenant": "7"}
    assert "hush" not in repr(address)


@pytest.mark.parametrize(
    ("endpoint", "headers"),
    [
        ("127.0.0.1:4318", ""), ("grpc://host:4317", ""), ("http://", ""), ("http://user:hush@host", ""), ("http://host?key=hush", ""),
        ("http://host:99999", ""), ("http://[::1", ""), ("http://host", "hush"), ("http://host", "a b=hush"), ("http://host", "a=hush%0Ab"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_without_telling_it(endpoint: str, headers: str) -> None:
    with pytest.raises(ValueError, match=r"address|headers") as refused:
        otlp_address(endpoint, headers)
    assert "hush" not in str(refused.value)


@given(st.text(max_size=40), st.text(alphabet="a=%,0A -ü", max_size=30))
def test_whatever_is_given_is_an_address_or_refused(endpoint: str, headers: str) -> None:
    with contextlib.suppress(ValueError):
        assert otlp_address(endpoint, headers).url.endswith("/v1/traces")
