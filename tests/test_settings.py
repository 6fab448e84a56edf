from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.settings import Mode, SettingInvalid, Settings, engine_threads, read_settings


def test_without_anything_set_the_embedded_defaults_hold() -> None:
    assert read_settings(environment={}) == Settings()


def test_the_environment_wins_over_the_file_and_an_option_over_both(tmp_path: Path) -> None:
    config = tmp_path / "beast.toml"
    config.write_text('BEAST_PRICE_PORT = 1111\nBEAST_REPORT_PORT = 2222\nCLUSTER_NODE = "BeastMirror"\n')

    settings = read_settings(config, {"BEAST_REPORT_PORT": "3333", "BEAST_PRICE_UDP_PORT": "4444"}, price_udp_port=5555)

    assert (settings.price_port, settings.report_port, settings.price_udp_port, settings.node) == (1111, 3333, 5555, "BeastMirror")


def test_an_empty_variable_means_the_default() -> None:
    assert read_settings(environment={"DATABASE_URL": "", "BEAST_PRICE_PORT": ""}) == Settings()


@pytest.mark.parametrize("mode", list(Mode))
def test_each_server_type_is_understood(mode: Mode) -> None:
    assert read_settings(environment={"SERVER_TYPE": mode.value.lower()}).mode is mode


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("SERVER_TYPE", "LPO", "APP_REPORT_SERVER"),
        ("BEAST_PRICE_PORT", "65536", "65535"),
        ("BEAST_PRICE_PORT", "-1", "whole number"),
        ("BEAST_PRICE_PORT", "eighty", "whole number"),
        ("BEAST_ENGINE_THREADS", "65", "64"),
        ("BEAST_LOG_LEVEL", "loud", "warning"),
        ("CLUSTER_NODE", "two words", "letters"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(name: str, text: str, told: str) -> None:
    with pytest.raises(SettingInvalid, match=told) as refused:
        read_settings(environment={name: text})
    assert refused.value.facts["setting"] == name


def test_a_line_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "beast.toml"
    config.write_text("BEAST_PRICE_PROT = 1\n")
    with pytest.raises(SettingInvalid, match="BEAST_PRICE_PROT"):
        read_settings(config, {})


@pytest.mark.parametrize("content", [b"no toml", b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    config = tmp_path / "beast.toml"
    if content is not None:
        config.write_bytes(content)
    with pytest.raises(SettingInvalid):
        read_settings(config, {})


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = read_settings(
        environment={"ADMIN_KEY": "hush-1", "DATABASE_URL": "postgresql://u:hush-2@h/d", "CACHE_URL": "valkey://:hush-3@h"}
    )
    assert "hush" not in repr(settings)


def test_the_engine_gets_a_thread_per_core_unless_told() -> None:
    assert engine_threads(Settings()) >= 1
    assert engine_threads(Settings(engine_threads=3)) == 3


@given(
    st.dictionaries(
        st.sampled_from(["SERVER_TYPE", "BEAST_PRICE_PORT", "BEAST_ENGINE_THREADS", "CLUSTER_NODE", "REGION"]), st.text(max_size=40)
    )
)
def test_any_environment_gives_settings_or_a_refusal(environment: dict[str, str]) -> None:
    try:
        assert isinstance(read_settings(environment=environment), Settings)
    except SettingInvalid as refused:
        assert refused.facts["setting"] in environment


def test_secrets_may_lie_in_a_file_and_the_environment_wins_over_it(tmp_path: Path) -> None:
    held = tmp_path / "secrets.json"
    held.write_text('{"ADMIN_KEY": "from the file", "BEAST_SERVER_SECRET": "ab"}')
    settings = read_settings(environment={"SECRETS_ID": f"file:{held}", "ADMIN_KEY": "from the environment"})
    assert (settings.admin_key, settings.server_secret) == ("from the environment", "ab")
    assert "from the" not in repr(settings)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"ADMIN_KEY": 5}', '{"BEAST_PRICE_PORT": "1"}', None])
def test_a_file_that_holds_no_secrets_is_refused_without_telling_them(tmp_path: Path, text: str | None) -> None:
    held = tmp_path / "secrets.json"
    if text is not None:
        held.write_text(text)
    with pytest.raises(SettingInvalid) as refused:
        read_settings(environment={"SECRETS_ID": f"file:{held}"})
    assert refused.value.facts["setting"] == "SECRETS_ID"


def test_a_keeper_of_secrets_we_do_not_speak_to_is_refused() -> None:
    with pytest.raises(SettingInvalid):
        read_settings(environment={"SECRETS_ID": "arn:aws:secretsmanager:eu-west-1:1:secret:beast"})
