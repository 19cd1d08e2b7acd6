"""Settings: the shipped example loads, and each mistake is one line that names key, value and what is allowed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from edge import config, rule_tables, sections, trust
from edge.errors import ConfigurationError
from edge.flight.section import DroneSection
from edge.ptz.section import PtzSection
from vision.rules.registry import KINDS
from vision.rules.settings import RuleSettings

ROOT = Path(__file__).resolve().parents[2]

SOUND = """
[device]
id = "dev-1"
data_dir = "data"
[room]
url = "http://127.0.0.1:8080"
token = "dev-1.secret"
[mqtt]
url = "mqtt://dev-1:pa%20ss@127.0.0.1:1884"
[[camera]]
id = "placa"
name = "Plaça"
source = "file:clip.avi"
"""
CAMERA = SOUND + "{}\n"


def load(tmp_path: Path, text: str) -> config.Settings:
    path = tmp_path / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    said = str(caught.value)
    assert "\n" not in said
    return said.removeprefix(f"{tmp_path}/edge.toml: ")


def test_the_example_holds_every_key_with_its_default() -> None:
    settings = config.parse(tomllib.loads(config.example()))
    example = tomllib.loads(config.example())
    for section, model in (
        ("detector", sections.DetectorSection),
        ("evidence", sections.EvidenceSection),
        ("live", sections.LiveSection),
    ):
        assert example[section] == model().model_dump()
    plain = config.CameraSection(id="plaza", name="x", source="file:x").model_dump()
    written = settings.camera[0].model_dump()
    assert {key for key in plain if plain[key] != written[key]} == {"name", "source"}
    shown = {line.strip("# ").split("=")[0].strip() for line in config.example().splitlines() if "=" in line}
    assert set(config.CameraSection.model_fields) - {"zones", "rules", "drone", "ptz"} <= shown
    assert set(DroneSection.model_fields) | set(PtzSection.model_fields) <= shown
    for table in (sections.DeviceSection, sections.RoomSection, sections.MqttSection):
        assert set(table.model_fields) <= shown
    common = set(RuleSettings.model_fields) - {"severity"}
    for name in KINDS:
        keys = set(type(getattr(settings.camera[0].rules, name)).model_fields)
        assert set(example["camera"][0]["rules"][name]) == (keys if name == "illegal_dumping" else keys - common)


def test_the_example_is_the_one_in_config() -> None:
    assert (ROOT / "config" / "edge.toml").read_text(encoding="utf-8") == config.example()


def test_defaults_and_paths(tmp_path: Path) -> None:
    settings = load(tmp_path, SOUND)
    camera = settings.camera[0]
    assert settings.data_dir == tmp_path / "data"
    assert settings.location(camera) == str(tmp_path / "clip.avi")
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.user, settings.mqtt_password()) == (
        "127.0.0.1",
        1884,
        "dev-1",
        "pa ss",
    )
    assert rule_tables.enabled(camera.rules) == ["illegal_dumping", "camera_tamper"]
    assert settings.token() == "dev-1.secret"


def test_secrets_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("dev-1.other\n", encoding="utf-8")
    settings = load(tmp_path, SOUND.replace('token = "dev-1.secret"', 'token_file = "token"'))
    assert settings.token() == "dev-1.other"
    absent = load(tmp_path, SOUND.replace('token = "dev-1.secret"', 'token_file = "absent"'))
    with pytest.raises(ConfigurationError, match=r"room\.token_file: got .*absent.*; allowed: a file that can be read"):
        absent.token()


MISTAKES: list[tuple[str, str]] = [
    (SOUND + "colour = 1", "camera[placa].colour: got 1; allowed: one of the keys accuracy_m, analysis_fps, drone, id"),
    (
        SOUND.replace("[mqtt]", "[mqtt]\nqos = 2"),
        "mqtt.qos: got 2; allowed: one of the keys ca_file, certificate_file, key_file, password_file, url",
    ),
    (SOUND.replace('id = "dev-1"', 'id = "a/b"'), "device.id: got 'a/b'; allowed: text of the form ^[A-Za-z0-9]"),
    (SOUND.replace('id = "dev-1"\n', ""), "device.id: got nothing; allowed: a value, it is required"),
    (SOUND.replace('url = "http:', 'url = "ftp:'), "room.url: got 'ftp://127.0.0.1:8080'; allowed: text of the form"),
    (SOUND.replace('token = "dev-1.secret"', "token = 7"), "room.token: got (a secret); allowed: text in quotes"),
    (SOUND.replace('token = "dev-1.secret"', ""), "room: got neither; allowed: one of token and token_file"),
    (SOUND.replace("mqtt://dev-1", "http://dev-1"), "mqtt.url: got 'http://***@127.0.0.1:1884'; allowed: text of the"),
    (SOUND.replace(":1884", ":x"), "mqtt.url: got mqtt://***@127.0.0.1:x; allowed: mqtt://[user[:password]@]host"),
    (CAMERA.format("analysis_fps = 0"), "camera[placa].analysis_fps: got 0; allowed: greater than 0"),
    (CAMERA.format('loop = "yes"'), "camera[placa].loop: got 'yes'; allowed: true or false"),
    (CAMERA.format("lat = 91.0"), "camera[placa].lat: got 91.0; allowed: less than or equal to 90"),
    (CAMERA.format("lat = 41.0"), "camera[placa]: got one of lat and lon; allowed: both, or neither"),
    (CAMERA.format('legal_regime = "lopd"'), "camera[placa].legal_regime: got 'lopd'; allowed: 'lo_7_2021' or 'gdpr'"),
    (SOUND.replace("file:clip.avi", "ftp://x/y"), "camera[placa].source: got 'ftp://x/y'; allowed: text of the form"),
    (
        SOUND + '[[camera]]\nid = "placa"\nname = "x"\nsource = "file:x"\n',
        "camera: got the id placa twice; allowed: cameras with an id of their own",
    ),
    (SOUND.replace("[[camera]]", "[[cameras]]"), "camera: got nothing; allowed: a value, it is required"),
    (
        CAMERA.format("[camera.rules.illegal_dumping]\nunattended_s = -1"),
        "camera[placa].rules.illegal_dumping.unattended_s: got -1; allowed: greater than or equal to 1",
    ),
    (
        CAMERA.format("[camera.rules.illegal_dumping]\nunattended = 9"),
        "camera[placa].rules.illegal_dumping.unattended: got 9; allowed: one of the keys calendar, cool_down_s,",
    ),
    (
        CAMERA.format("[camera.rules.dumping]\nenabled = true"),
        "camera[placa].rules.dumping: got {'enabled': True}; allowed: one of the keys ",
    ),
    (
        CAMERA.format('[[camera.zones]]\nname = "z"\nkind = "mask"\npoints = [[0.0, 0.0], [1.5, 0.0], [1.0, 1.0]]'),
        "camera[placa].zones[z].points[1][0]: got 1.5; allowed: less than or equal to 1",
    ),
    (
        CAMERA.format('[[camera.zones]]\nname = "z"\nkind = "hole"\npoints = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]'),
        "camera[placa].zones[z].kind: got 'hole'; allowed: 'watch', 'mask', 'fixture', 'no_stopping' or 'line'",
    ),
    (
        CAMERA.format("[camera.rules.loitering]\nenabled = true"),
        "camera[placa].rules.loitering: got enabled = true; allowed: only with purpose and impact_assessment",
    ),
    (
        CAMERA.format('[camera.rules.intrusion]\nschedule = "22-06"'),
        "camera[placa].rules.intrusion.schedule: got '22-06'; allowed: a schedule like 22:00-06:00 or mon-fri",
    ),
    (
        CAMERA.format('[camera.rules.intrusion]\nholidays = "ES-ZZ"'),
        "camera[placa].rules.intrusion.holidays: got 'ES-ZZ'; allowed: a country like ES, or one with its region",
    ),
    (
        CAMERA.format('[[camera.rules.intrusion.calendar]]\nname = "market"\nwhen = "sat 6-15"'),
        "camera[placa].rules.intrusion.calendar[market].when: got 'sat 6-15'; allowed: a schedule like 22:00-06:00",
    ),
    (
        CAMERA.format('[camera.rules.intrusion]\nzones = ["yard"]'),
        "camera[placa].rules.intrusion.zones: got 'yard'; allowed: names of the camera's zones (none, the camera",
    ),
    (
        CAMERA.format("[camera.rules.smoke_fire]\nenabled = true"),
        (
            "camera[placa].rules.smoke_fire: got enabled = true; allowed: only with model = the absolute path of a"
            " detection model whose card lists smoke, fire or flame"
        ),
    ),
    (
        CAMERA.format('[camera.ptz]\nhome = "1"'),
        "camera[placa].ptz.onvif: got no onvif; allowed: its address, onvif://[user[:password]@]host[:port]",
    ),
    (
        CAMERA.format(
            '[camera.ptz]\nonvif = "onvif://192.0.2.1"\n[[camera.zones]]\nname = "z"\nkind = "mask"\n'
            "points = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]"
        ),
        "camera[placa].ptz: got a zone of kind mask; allowed: none, which would stand still in the picture that turns",
    ),
    (SOUND + "nonsense", "is no TOML: "),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_mistakes(tmp_path: Path, text: str, expected: str) -> None:
    said = complaint(tmp_path, text)
    assert said.startswith(expected)
    assert "secret" not in said.replace("(a secret)", "")
    assert "pa%20ss" not in said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml: cannot be read: No such file"):
        config.load(tmp_path / "absent.toml")


def test_rules_on_behaviour_with_purpose_and_assessment(tmp_path: Path) -> None:
    text = CAMERA.format(
        'purpose = "vandalism of the fountain"\nimpact_assessment = "EIPD-2026-04"\n'
        "[camera.rules.loitering]\nenabled = true\n[camera.rules.illegal_dumping]\nenabled = false\n"
        "[camera.rules.camera_tamper]\nenabled = false"
    )
    camera = load(tmp_path, text).camera[0]
    assert rule_tables.enabled(camera.rules) == ["loitering"]
    built = rule_tables.build(camera.rules, camera.zones)
    assert [rule.name for rule in built] == ["loitering"]


def test_zones_reach_the_rules_they_concern(tmp_path: Path) -> None:
    text = CAMERA.format(
        '[[camera.zones]]\nname = "z"\npoints = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]\nrules = ["intrusion"]'
    )
    zone: Any = load(tmp_path, text).camera[0].zones[0]
    assert zone.concerns("intrusion")
    assert not zone.concerns("illegal_dumping")


def test_certificates_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="ascii")
    for name in ("ca.pem", "absent.pem"):
        with pytest.raises(
            ConfigurationError, match=rf"room\.ca_file: got '.*{name}'; allowed: a file of certificates"
        ):
            trust.context("room.ca_file", tmp_path / name)
