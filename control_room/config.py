"""The control room's settings: defaults, then the file, then the environment, checked once at the start."""

from __future__ import annotations

import ipaddress
import tomllib
import urllib.parse
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails

from control_room import secret_files, values
from running import tracing

_PREFIX = "TALAIA_"
_LISTS = frozenset({"trusted_proxies", "ice_servers", "turn_servers", "addresses"})
"""Keys whose value in the environment is a list with commas."""


class ConfigError(ValueError):
    """A setting is unknown or wrong; one line: the key, what it got, what it allows."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Http(_Section):
    """Where the service listens."""

    listen: Annotated[str, AfterValidator(values.address)] = "127.0.0.1:8080"
    public_url: Annotated[str, AfterValidator(values.public_url)] = ""
    tls_certificate: str = ""
    tls_key: str = ""
    trusted_proxies: list[Annotated[str, AfterValidator(values.network)]] = []
    processes: int = Field(default=1, ge=1, le=64)

    @model_validator(mode="after")
    def _not_in_the_open(self) -> Http:
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise values.wrong(self.tls_key, "tls_certificate and tls_key, both or neither", ".tls_key")
        if not (self.is_loopback or self.tls_certificate or self.trusted_proxies):
            raise values.wrong(
                self.listen, "a loopback address, or any with tls_certificate and tls_key or trusted_proxies", ".listen"
            )
        return self

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(f"//{self.listen}").hostname or ""

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(f"//{self.listen}").port or 0

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def url(self) -> str:
        """How browsers reach it, without a slash at the end."""
        scheme = "https" if self.tls_certificate else "http"
        return self.public_url or f"{scheme}://{self.listen}"


class Database(_Section):
    """Where the database is."""

    url: Annotated[str, AfterValidator(values.database_url)] = "postgresql:///talaia"
    url_file: str = ""


class Mqtt(_Section):
    """Where the broker is, and as whom the worker speaks to it."""

    url: Annotated[str, AfterValidator(values.broker_url)] = "mqtt://127.0.0.1:1883"
    password_file: str = ""
    ca_file: str = ""
    client_id: str = Field(default="talaia-room-worker", pattern=r"^[A-Za-z0-9_.\-\[\]]{1,128}$")


class Store(_Section):
    """Where evidence files lie."""

    kind: Literal["local", "s3"] = "local"
    directory: Path = Path("data/store")
    s3_endpoint: Annotated[str, AfterValidator(values.s3_endpoint)] = ""
    s3_bucket: str = Field(default="", max_length=63, pattern=r"^([a-z0-9][a-z0-9.-]+[a-z0-9])?$")
    s3_prefix: str = Field(default="", max_length=200, pattern=r"^[A-Za-z0-9_./-]*$")
    s3_region: str = Field(default="us-east-1", min_length=1, max_length=50)
    s3_access_key_id: str = ""
    s3_secret_access_key: SecretStr = SecretStr("")
    s3_secret_access_key_file: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Store:
        if self.kind == "s3":
            for key in ("s3_endpoint", "s3_bucket", "s3_access_key_id"):
                if not getattr(self, key):
                    raise values.wrong("", 'a value, because store.kind is "s3"', f".{key}")
            if not (self.s3_secret_access_key.get_secret_value() or self.s3_secret_access_key_file):
                raise values.wrong("", "a file that holds the secret access key", ".s3_secret_access_key_file")
        return self


class Uploads(_Section):
    """How much may come in by pieces."""

    max_gib: float = Field(default=32.0, gt=0, le=256.0, allow_inf_nan=False)
    quota_gib: float = Field(default=256.0, gt=0, le=10_000, allow_inf_nan=False)
    open_max: int = Field(default=64, ge=1, le=10_000)
    keep_hours: int = Field(default=336, ge=1, le=720)


class Analyses(_Section):
    """How footage is looked through."""

    at_once: int = Field(default=1, ge=1, le=64)
    threads: int = Field(default=2, ge=1, le=64)
    model: str = Field(default="centernet-coco", min_length=1, max_length=500)
    input_px: int = Field(default=640, ge=32, le=4096)
    confidence: float = Field(default=0.12, gt=0, lt=1)


class Town(_Section):
    """Name, time and place of the town."""

    name: str = Field(default="Talaia", min_length=1, max_length=200)
    time_zone: Annotated[str, AfterValidator(values.time_zone)] = "Europe/Madrid"
    lat: float = Field(default=41.1189, ge=-90, le=90, allow_inf_nan=False)
    lon: float = Field(default=1.2445, ge=-180, le=180, allow_inf_nan=False)
    zoom: float = Field(default=13.0, ge=0, le=22, allow_inf_nan=False)


class Ingest(_Section):
    """How the worker batches."""

    worker: int = Field(default=1, ge=1, le=1000)
    batch_messages: int = Field(default=500, ge=1, le=10_000)
    batch_ms: int = Field(default=50, ge=1, le=10_000)


class Commands(_Section):
    """How devices know the room's commands."""

    key_file: str = ""
    resend_after_s: float = Field(default=60.0, ge=1, le=86_400)


class Broker(_Section):
    """How the room gives devices their accounts at the broker."""

    device_url: Annotated[str, AfterValidator(values.broker_url)] = "mqtts://127.0.0.1:8883"
    admin_url: Annotated[str, AfterValidator(values.optional_broker_url)] = ""
    admin_password_file: str = ""


class Enrolment(_Section):
    """With which keys devices are enrolled."""

    directory: str = ""
    ca_certificate: str = ""
    ca_key: str = ""
    certificate_days: int = Field(default=90, ge=1, le=825)

    @model_validator(mode="after")
    def _both_or_neither(self) -> Enrolment:
        if bool(self.ca_certificate) != bool(self.ca_key):
            raise values.wrong(self.ca_key, "ca_certificate and ca_key, both or neither", ".ca_key")
        return self


class Retention(_Section):
    """How long things are kept."""

    rows_days: int = Field(default=30, ge=1, le=92)
    files_days: int = Field(default=30, ge=1, le=92)
    audit_years: int = Field(default=5, ge=1, le=20)
    flight_years: int = Field(default=3, ge=3, le=20)

    @model_validator(mode="after")
    def _files_have_rows(self) -> Retention:
        if self.files_days > self.rows_days:
            raise values.wrong(
                self.files_days, "rows_days or less: a file stays no longer than its event", ".files_days"
            )
        return self


class Law(_Section):
    """What drone flights keep to, and whom their papers go to."""

    height_limit_m: float = Field(default=120.0, gt=0, le=1000, allow_inf_nan=False)
    line_of_sight_m: float = Field(default=500.0, gt=0, le=20_000, allow_inf_nan=False)
    report_days: int = Field(default=15, ge=1, le=31)
    authority: str = Field(default="", max_length=200)
    commission: str = Field(default="", max_length=200)


class Media(_Section):
    """What the process with the streams offers, keeps and takes."""

    addresses: list[Annotated[str, AfterValidator(values.ip_address)]] = []
    announced: Annotated[str, AfterValidator(values.optional_ip_address)] = ""
    ports: Annotated[str, AfterValidator(values.ports)] = ""
    ring_s: float = Field(default=75.0, ge=5, le=600, allow_inf_nan=False)
    ring_mib: int = Field(default=64, ge=4, le=4096)
    streams_max: int = Field(default=64, ge=1, le=10_000)
    viewers_max: int = Field(default=150, ge=1, le=10_000)
    viewers_mbit_s: float = Field(default=500.0, ge=1, le=100_000, allow_inf_nan=False)
    cpu_share_max: float = Field(default=0.8, gt=0, le=1, allow_inf_nan=False)
    lag_ms_max: float = Field(default=250.0, ge=10, le=5_000, allow_inf_nan=False)
    offers_s: float = Field(default=20.0, ge=1, le=1_000, allow_inf_nan=False)
    silent_publisher_s: float = Field(default=10.0, ge=2, le=300, allow_inf_nan=False)
    silent_viewer_s: float = Field(default=15.0, ge=5, le=300, allow_inf_nan=False)
    rtmp_listen: Annotated[str, AfterValidator(values.optional_address)] = ""
    transcoders_max: int = Field(default=1, ge=0, le=64)
    segment_s: float = Field(default=300.0, ge=5, le=3600, allow_inf_nan=False)

    @property
    def port_range(self) -> range | None:
        """None: any."""
        first, _, last = self.ports.partition("-")
        return range(int(first), int(last) + 1) if self.ports else None


class Backup(_Section):
    """Where copies of everything go."""

    directory: str = ""
    passphrase_file: str = ""
    keep_days: int = Field(default=14, ge=1, le=92)


class Logs(_Section):
    """What the log looks like."""

    format: Literal["text", "json"] = "text"


class Tracing(_Section):
    """Who is told of the steps of messages."""

    endpoint: str = ""
    share: float = Field(default=1.0, ge=0, le=1, allow_inf_nan=False)

    @model_validator(mode="after")
    def _is_a_collector(self) -> Tracing:
        allowed = tracing.endpoint_fault(self.endpoint) if self.endpoint else None
        if allowed is not None:
            raise values.wrong(values.without_password(self.endpoint), allowed, ".endpoint")
        return self


class Session(_Section):
    """How long a browser stays logged in."""

    hours: int = Field(default=12, ge=1, le=168)


class Live(_Section):
    """Live video: which process has the streams, and how long a picture is waited for."""

    backend: Literal["builtin", "mediamtx"] = "builtin"
    builtin_url: Annotated[str, AfterValidator(values.inner_url)] = "http://127.0.0.1:8189"
    secret: SecretStr = SecretStr("")
    secret_file: str = ""
    mediamtx_url: Annotated[str, AfterValidator(values.optional_http_url)] = ""
    mediamtx_api_url: Annotated[str, AfterValidator(values.optional_http_url)] = "http://127.0.0.1:9997"
    start_wait_s: float = Field(default=10.0, ge=1, le=60, allow_inf_nan=False)
    linger_s: float = Field(default=20.0, ge=0, le=3600, allow_inf_nan=False)
    reason_required: bool = False
    offers_a_minute: int = Field(default=300, ge=1, le=6000)
    sources_max: int = Field(default=50, ge=1, le=10_000)
    ice_servers: list[Annotated[str, AfterValidator(values.stun_url)]] = []
    turn_servers: list[Annotated[str, AfterValidator(values.turn_url)]] = []
    turn_secret: SecretStr = SecretStr("")
    turn_secret_file: str = ""
    turn_minutes: int = Field(default=60, ge=1, le=1440)

    @model_validator(mode="after")
    def _whole(self) -> Live:
        if self.backend == "mediamtx" and not self.mediamtx_url:
            raise values.wrong("", 'a value, because live.backend is "mediamtx"', ".mediamtx_url")
        if self.turn_servers and not (self.turn_secret.get_secret_value() or self.turn_secret_file):
            raise values.wrong("", "a file that holds the secret that the TURN servers share", ".turn_secret_file")
        return self


class Ptz(_Section):
    """How cameras are turned."""

    lock_s: float = Field(default=30.0, ge=5, le=600, allow_inf_nan=False)
    return_after_s: float = Field(default=60.0, ge=0, le=86_400, allow_inf_nan=False)
    orders_a_minute: int = Field(default=240, ge=10, le=6000)


class Settings(_Section):
    """All of them."""

    http: Http = Http()
    database: Database = Database()
    mqtt: Mqtt = Mqtt()
    store: Store = Store()
    uploads: Uploads = Uploads()
    analyses: Analyses = Analyses()
    town: Town = Town()
    ingest: Ingest = Ingest()
    commands: Commands = Commands()
    broker: Broker = Broker()
    enrolment: Enrolment = Enrolment()
    retention: Retention = Retention()
    law: Law = Law()
    media: Media = Media()
    backup: Backup = Backup()
    logs: Logs = Logs()
    tracing: Tracing = Tracing()
    session: Session = Session()
    live: Live = Live()
    ptz: Ptz = Ptz()

    @property
    def broker_accounts(self) -> frozenset[str]:
        """The room's own at the broker, which no device may be called by."""
        users = (urllib.parse.urlsplit(url).username for url in (self.mqtt.url, self.broker.admin_url))
        return frozenset(urllib.parse.unquote(user) for user in users if user)


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Settings of the file (none: defaults) and the environment.

    Raises:
        ConfigError: no such file, no TOML, an unknown key or a wrong value.
    """
    content = {} if path is None else _read(path)
    for (section, key), value in _overrides(environment).items():
        part = content.setdefault(section, {})
        if isinstance(part, dict):
            part[key] = value
    try:
        return secret_files.put_in(Settings.model_validate(content))
    except secret_files.SecretFileError as error:
        raise ConfigError(str(error)) from None
    except ValidationError as error:
        raise ConfigError(_describe(error.errors(include_url=False)[0])) from None


def example() -> str:
    """The commented file with every setting at its default."""
    return (resources.files("control_room") / "room.toml").read_text(encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: no TOML: {error}") from None


def _overrides(environment: Mapping[str, str]) -> dict[tuple[str, str], str | list[str]]:
    found: dict[tuple[str, str], str | list[str]] = {}
    for name, value in environment.items():
        section, _, key = name.removeprefix(_PREFIX).lower().partition("_")
        if not name.startswith(_PREFIX) or section not in Settings.model_fields or not key:
            continue
        is_list = key in _LISTS
        found[section, key] = [part.strip() for part in value.split(",") if part.strip()] if is_list else value
    return found


def _describe(fault: ErrorDetails) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "setting":
        return f"{key}{fault['msg']}"
    if fault["type"] == "extra_forbidden":
        return f"{key}: unknown key; allowed: {', '.join(_keys_beside(fault))}"
    return f"{key}: got {fault['input']!r}; allowed: {fault['msg'].removeprefix('Input should be ')}"


def _keys_beside(fault: ErrorDetails) -> list[str]:
    if len(fault["loc"]) == 1:
        return list(Settings.model_fields)
    section = Settings.model_fields[str(fault["loc"][0])].annotation
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
