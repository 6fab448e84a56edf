"""What must be known before the database answers: one frozen object, read once, in `compose/`.

Each setting is an environment variable and, under the same name, a line `NAME = value` of the file given by
`--config`. The environment wins over the file, a command's option over both.
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from trinity_beast.errors import TrinityError


class SettingInvalid(TrinityError):
    """A setting from the environment, the config file or the command line cannot be used."""

    code, status = "SETTING_INVALID", 500


class Mode(StrEnum):
    """Which services a node runs (`SERVER_TYPE`). What each means is a list of parts in `compose/`."""

    APP_SERVER = "APP_SERVER"
    REPORT_SERVER = "REPORT_SERVER"
    APP_REPORT_SERVER = "APP_REPORT_SERVER"
    WEBHOOK_SERVER = "WEBHOOK_SERVER"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a node must know before its first connection. An empty text means the embedded default."""

    mode: Mode = Mode.APP_REPORT_SERVER
    node: str = "BeastMain"
    region: str = "local"
    data_dir: Path = Path("data")
    database_url: str = field(default="", repr=False)
    database_reader_url: str = field(default="", repr=False)
    cache_url: str = field(default="", repr=False)
    queue_url: str = ""
    secrets_id: str = ""
    aws_endpoint_url: str = ""
    admin_key: str = field(default="", repr=False)
    server_secret: str = field(default="", repr=False)
    bind: str = "127.0.0.1"
    price_port: int = 8080
    price_health_port: int = 8081
    report_port: int = 9090
    report_health_port: int = 9091
    price_udp_port: int = 2679
    report_udp_port: int = 2680
    push_health_port: int = 8083
    writer_health_port: int = 8084
    engine_threads: int = 0
    postgres_bin_dir: str = ""
    log_level: str = "info"
    force_full_sync: bool = False
    """Whether the shared cache is filled anew at every synchronisation."""
    cloudwatch_metrics: bool = False
    """Whether figures go to CloudWatch."""
    otlp_endpoint: str = ""
    """Where traces go, as OTLP over HTTP; empty, nowhere."""
    otlp_headers: str = field(default="", repr=False)
    """Header fields sent there, `name=value` with commas between, values percent-encoded."""
    parameters: str = ""
    """Values parameters begin with, `name=value` with blanks between."""


_NAMES = {
    "SERVER_TYPE": "mode",
    "CLUSTER_NODE": "node",
    "REGION": "region",
    "BEAST_DATA_DIR": "data_dir",
    "DATABASE_URL": "database_url",
    "DATABASE_READER_URL": "database_reader_url",
    "CACHE_URL": "cache_url",
    "QUEUE_URL": "queue_url",
    "SECRETS_ID": "secrets_id",
    "AWS_ENDPOINT_URL": "aws_endpoint_url",
    "ADMIN_KEY": "admin_key",
    "BEAST_SERVER_SECRET": "server_secret",
    "BEAST_BIND": "bind",
    "BEAST_PRICE_PORT": "price_port",
    "BEAST_PRICE_HEALTH_PORT": "price_health_port",
    "BEAST_REPORT_PORT": "report_port",
    "BEAST_REPORT_HEALTH_PORT": "report_health_port",
    "BEAST_PRICE_UDP_PORT": "price_udp_port",
    "BEAST_REPORT_UDP_PORT": "report_udp_port",
    "BEAST_PUSH_HEALTH_PORT": "push_health_port",
    "BEAST_WRITER_HEALTH_PORT": "writer_health_port",
    "BEAST_ENGINE_THREADS": "engine_threads",
    "BEAST_POSTGRES_BIN_DIR": "postgres_bin_dir",
    "BEAST_LOG_LEVEL": "log_level",
    "FORCE_FULL_SYNC": "force_full_sync",
    "CLOUDWATCH_METRICS": "cloudwatch_metrics",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "otlp_endpoint",
    "OTEL_EXPORTER_OTLP_HEADERS": "otlp_headers",
    "BEAST_PARAMETERS": "parameters",
}
_SECRETS = frozenset(["ADMIN_KEY", "BEAST_SERVER_SECRET", "CACHE_URL", "DATABASE_URL", "DATABASE_READER_URL", "OTEL_EXPORTER_OTLP_HEADERS"])
_FLAGS = frozenset(["CLOUDWATCH_METRICS", "FORCE_FULL_SYNC"])
_SECRETS_FILE = "file:"
_LOG_LEVELS = ("debug", "info", "warning", "error")
_NODE_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def read_settings(config: Path | None = None, environment: Mapping[str, str] | None = None, **options: object) -> Settings:
    """Return the settings of this process.

    `options` are the command line's, by field name; None means not given. `environment` is the process's own unless given.

    Raises:
        SettingInvalid: a value has the wrong kind or range, the file cannot be read, or it names no setting of ours.
    """
    texts = _file_lines(config) if config else {}
    for name, value in (os.environ if environment is None else environment).items():
        if name in _NAMES and value:
            texts[name] = value
    if "SECRETS_ID" in texts:
        texts = _secrets_of(texts["SECRETS_ID"]) | texts
    fields = {_NAMES[name]: _parsed(name, text) for name, text in texts.items()}
    fields |= {name: value for name, value in options.items() if value is not None}
    settings = Settings(**fields)  # type: ignore[arg-type]  # Each value was parsed for its own field.
    if not 0 <= settings.engine_threads <= 64:
        raise SettingInvalid(setting="BEAST_ENGINE_THREADS", reason="must be 0 (one per core) to 64")
    return settings


def child_environment(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment of a node started as our child: this process's, with no setting of ours but those given."""
    return {name: value for name, value in os.environ.items() if name not in _NAMES} | dict(given)


def engine_threads(settings: Settings) -> int:
    """Return how many threads the engine gets: what is set, else one per core this process may use."""
    return settings.engine_threads or len(os.sched_getaffinity(0))


def _file_lines(path: Path) -> dict[str, str]:
    try:
        lines = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingInvalid(setting=str(path), reason=str(error)) from error
    unknown = sorted(set(lines) - set(_NAMES))
    if unknown:
        raise SettingInvalid(setting=unknown[0], reason=f"is no setting; known are {', '.join(_NAMES)}")
    return {name: str(value) for name, value in lines.items()}


def _secrets_of(secrets_id: str) -> dict[str, str]:
    """Return the secrets a JSON object in a file holds, by their names in the environment, which wins over them."""
    if not secrets_id.startswith(_SECRETS_FILE):
        raise SettingInvalid(setting="SECRETS_ID", reason="must be file:/PATH of a JSON object, the only keeper of secrets spoken to yet")
    try:
        held = json.loads(Path(secrets_id.removeprefix(_SECRETS_FILE)).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingInvalid(setting="SECRETS_ID", reason=f"cannot be read: {type(error).__name__}") from error
    if not isinstance(held, dict) or not set(held) <= _SECRETS or not all(isinstance(value, str) for value in held.values()):
        raise SettingInvalid(setting="SECRETS_ID", reason=f"must hold a JSON object of texts, by some of {', '.join(sorted(_SECRETS))}")
    return held


def _parsed(name: str, text: str) -> object:
    if name == "SERVER_TYPE":
        try:
            return Mode(text.upper())
        except ValueError:
            raise SettingInvalid(setting=name, reason=f"must be one of {', '.join(Mode)}, not {text!r}") from None
    if name == "BEAST_DATA_DIR":
        return Path(text)
    if name == "BEAST_LOG_LEVEL" and text not in _LOG_LEVELS:
        raise SettingInvalid(setting=name, reason=f"must be one of {', '.join(_LOG_LEVELS)}, not {text!r}")
    if name == "CLUSTER_NODE" and not (1 <= len(text) <= 40 and set(text) <= _NODE_CHARACTERS):
        raise SettingInvalid(setting=name, reason="must be 1 to 40 letters, digits, dots, dashes or underscores")
    if name in _FLAGS:
        return _flag(name, text)
    if name.endswith("_PORT"):
        return _number(name, text, 0, 65_535)
    if name == "BEAST_ENGINE_THREADS":
        return _number(name, text, 0, 64)
    return text


def _flag(name: str, text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        raise SettingInvalid(setting=name, reason=f"must be true or false, not {text!r}")
    return text.lower() in {"true", "1"}


def _number(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingInvalid(setting=name, reason=f"must be a whole number from {least} to {most}, not {text!r}")
    return int(text)
