"""Settings: defaults, file, environment; what is wrong is one line that names key, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from control_room import config

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "room.toml"


def test_the_shipped_file_has_every_setting_at_its_default() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == config.example()
    assert config.load(SHIPPED, {}) == config.Settings()
    named = [line.partition(" = ")[0] for line in config.example().splitlines() if " = " in line and line[0] != "#"]
    sections = [field.annotation for field in config.Settings.model_fields.values()]
    assert named == [key for section in sections for key in section.model_fields]  # type: ignore[union-attr]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "room.toml"
    file.write_text('[http]\nlisten = "127.0.0.1:1"\n[ingest]\nbatch_ms = 7\n', encoding="utf-8")
    environment = {
        "TALAIA_HTTP_LISTEN": "127.0.0.1:2",
        "TALAIA_DATABASE_URL": "postgresql://here/room",
        "TALAIA_HTTP_TRUSTED_PROXIES": "10.0.0.1, 10.1.0.0/16",
        "TALAIA_TEST_DATABASE_URL": "not ours",
        "HOME": "/root",
    }
    settings = config.load(file, environment)
    assert (settings.http.listen, settings.http.port, settings.ingest.batch_ms) == ("127.0.0.1:2", 2, 7)
    assert settings.database.url == "postgresql://here/room"
    assert settings.http.trusted_proxies == ["10.0.0.1", "10.1.0.0/16"]


WRONG = {
    "[http]\nlisten = '0.0.0.0:80'": (
        "http.listen: got '0.0.0.0:80'; allowed: a loopback address, or any with tls_certificate and tls_key or "
        "trusted_proxies"
    ),
    "[http]\nlisten = 'here'": (
        "http.listen: got 'here'; allowed: HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, port 0 to 65535"
    ),
    "[http]\ntls_key = 'k.pem'": "http.tls_key: got 'k.pem'; allowed: tls_certificate and tls_key, both or neither",
    "[http]\nlissten = 1": (
        "http.lissten: unknown key; allowed: listen, public_url, tls_certificate, tls_key, trusted_proxies, processes"
    ),
    "[htp]\nx = 1": f"htp: unknown key; allowed: {', '.join(config.Settings.model_fields)}",
    "[http]\ntrusted_proxies = ['x']": (
        "http.trusted_proxies.0: got 'x'; allowed: an address or a network, such as 10.0.0.5 or 10.0.0.0/24"
    ),
    "[database]\nurl = 'mysql://u:secret@h'": (
        "database.url: got 'mysql://u:***@h'; allowed: postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    ),
    "[mqtt]\nurl = 'http://h'": "mqtt.url: got 'http://h'; allowed: mqtt://USER:PASSWORD@HOST:PORT or mqtts://...",
    "[town]\ntime_zone = 'Mars/Base'": "town.time_zone: got 'Mars/Base'; allowed: an IANA name, such as Europe/Madrid",
    "[town]\nlat = 91": "town.lat: got 91; allowed: less than or equal to 90",
    "[ingest]\nbatch_ms = 0": "ingest.batch_ms: got 0; allowed: greater than or equal to 1",
    "[session]\nhours = 'x'": "session.hours: got 'x'; allowed: a valid integer, unable to parse string as an integer",
}


@pytest.mark.parametrize(("text", "line"), WRONG.items())
def test_a_wrong_setting_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    file = tmp_path / "room.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(config.ConfigError) as caught:
        config.load(file, {})
    assert str(caught.value) == line


def test_no_toml_and_no_file_are_one_line(tmp_path: Path) -> None:
    file = tmp_path / "room.toml"
    with pytest.raises(config.ConfigError, match="No such file"):
        config.load(file, {})
    file.write_text("[http\n", encoding="utf-8")
    with pytest.raises(config.ConfigError, match="no TOML") as caught:
        config.load(file, {})
    assert "\n" not in str(caught.value)


def test_another_address_is_allowed_with_tls_or_a_proxy() -> None:
    secure = {"TALAIA_HTTP_LISTEN": "0.0.0.0:443", "TALAIA_HTTP_TLS_CERTIFICATE": "c", "TALAIA_HTTP_TLS_KEY": "k"}
    assert config.load(None, secure).http.url == "https://0.0.0.0:443"
    behind = {"TALAIA_HTTP_LISTEN": "[::]:80", "TALAIA_HTTP_TRUSTED_PROXIES": "10.0.0.1"}
    assert (config.load(None, behind).http.host, config.load(None, behind).http.port) == ("::", 80)


def test_secrets_come_from_files(tmp_path: Path) -> None:
    for name, content in {"database": "postgresql://u:p@h/d\n", "mqtt": "p@ss/word\n"}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    environment = {
        "TALAIA_DATABASE_URL_FILE": str(tmp_path / "database"),
        "TALAIA_MQTT_URL": "mqtt://room@broker:1884",
        "TALAIA_MQTT_PASSWORD_FILE": str(tmp_path / "mqtt"),
    }
    settings = config.load(None, environment)
    assert settings.database.url == "postgresql://u:p@h/d"
    assert settings.mqtt.url == "mqtt://room:p%40ss%2Fword@broker:1884"
    with pytest.raises(config.ConfigError, match=r"mqtt\.password_file"):
        config.load(None, environment | {"TALAIA_MQTT_URL": "mqtt://broker"})
