"""A one-time code lets one device in, once; what it gets is its own, and is renewed only by the same key."""

from __future__ import annotations

import base64
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

from control_room import config
from control_room.enrolment import authority, broker_certificate, service
from edge.enrolment import identity
from edge.enrolment.identity import Keys
from tests.control_room import door as doors
from tests.control_room.enrolment.asking import code_for, enrol, request
from wire import enrolment as wire


def test_a_device_gets_a_certificate_and_the_towns_signature(town: doors.Door, tmp_path: Path) -> None:
    keys = Keys.make()
    answer = enrol(town.client(), code_for(town.as_person("anna"), "quay"), keys, town.clock())
    assert answer.status_code == 200, answer.text
    given = wire.Identity.model_validate(answer.json())
    identity.check(keys, given)
    certificate = x509.load_pem_x509_certificates(given.certificate.encode())[0]
    root = x509.load_pem_x509_certificates(given.authority.encode())[0]
    certificate.verify_directly_issued_by(root)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "quay"
    assert certificate.not_valid_after_utc - town.clock() > timedelta(days=89)
    assert (given.command_key, given.mqtt_url) == (
        town.room.signer and town.room.signer.public,
        "mqtts://quay@127.0.0.1:8883",
    )
    device = town.client()
    device.headers["Authorization"] = f"Bearer {given.token}"
    assert device.post("/api/v1/enrolments/renewal", json={}).status_code == 422  # known by its token
    (row,) = town.rows("SELECT device_key, town_key, enrolled_at FROM devices")
    assert (row["device_key"], row["town_key"]) == (keys.public, given.town_key)
    actions = [row["action"] for row in town.rows("SELECT action FROM audit ORDER BY audit_id")]
    assert [each for each in actions if each.startswith("device.")] == [
        "device.add",
        "device.make_code",
        "device.enrol",
    ]
    identity.save(tmp_path / "identity", keys, given)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "identity").iterdir()} == {0o600}


def test_a_code_is_good_once_for_an_hour_and_kept_as_a_hash(town: doors.Door) -> None:
    anna, client = town.as_person("anna"), town.client()
    code = code_for(anna, "quay")
    stored = town.rows("SELECT code_sha256, expires_at FROM enrolment_codes")
    assert code.replace("-", "").encode() not in bytes(stored[0]["code_sha256"])
    assert stored[0]["expires_at"] == town.clock() + service.LASTS
    newer = code_for(anna, "quay")
    assert doors.problem(enrol(client, code, Keys.make(), town.clock())) == (403, "wrong-code")
    assert enrol(client, newer.lower().replace("-", " "), Keys.make(), town.clock()).status_code == 200
    assert doors.problem(enrol(client, newer, Keys.make(), town.clock())) == (403, "wrong-code")
    late = code_for(anna, "quay")
    town.clock.move(seconds=3601)
    assert doors.problem(enrol(client, late, Keys.make(), town.clock())) == (403, "wrong-code")


def test_codes_cannot_be_guessed_at_speed(town: doors.Door) -> None:
    client = town.client()
    answers = [enrol(client, f"AAAA-AAAA-AAAA-{number:04}", Keys.make(), town.clock()) for number in range(11)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    elsewhere = town.client(address="192.0.2.99")
    assert enrol(elsewhere, "AAAA", Keys.make(), town.clock()).status_code == 403


@pytest.mark.parametrize("years_off", [-56, 74])
def test_a_wrong_clock_uses_up_no_code(town: doors.Door, years_off: int) -> None:
    """A certificate would not be valid to it, and no command either: 1970 or 2100."""
    code, client = code_for(town.as_person("anna"), "quay"), town.client()
    wrong = town.clock() + timedelta(days=365 * years_off)
    answer = enrol(client, code, Keys.make(), wrong)
    assert doors.problem(answer) == (409, "clock-off")
    assert f"{wrong:%Y-%m-%d}" in answer.json()["detail"]
    assert enrol(client, code, Keys.make(), town.clock() - timedelta(minutes=4)).status_code == 200


def test_another_devices_code_is_not_used_up(town: doors.Door) -> None:
    code, client = code_for(town.as_person("anna"), "quay"), town.client()
    keys = Keys.make()
    answer = client.post("/api/v1/enrolments", json=request(code, keys, town.clock(), device_id="harbour"))
    assert doors.problem(answer) == (409, "other-device")
    assert enrol(client, code, keys, town.clock(), device_id="quay").status_code == 200


def test_keys_must_prove_themselves(town: doors.Door) -> None:
    code, client, keys = code_for(town.as_person("anna"), "quay"), town.client(), Keys.make()
    sound = request(code, keys, town.clock())
    thief = {**sound, "device_key": Keys.make().public}
    assert doors.problem(client.post("/api/v1/enrolments", json=thief)) == (422, "bad-proof")
    other_csr = {**sound, "csr": Keys.make().csr()}
    assert doors.problem(client.post("/api/v1/enrolments", json=other_csr)) == (422, "bad-proof")
    no_csr = keys.prove(wire.proof_bytes("no csr", town.clock(), code))
    nonsense = {**sound, "csr": "no csr", "proof": no_csr}
    assert doors.problem(client.post("/api/v1/enrolments", json=nonsense)) == (422, "bad-proof")
    assert client.post("/api/v1/enrolments", json=sound).status_code == 200


def _renewal(keys: Keys, clock: datetime) -> dict[str, Any]:
    csr = keys.csr()
    proof = keys.prove(wire.proof_bytes(csr, clock))
    return wire.Renewal(csr=csr, proof=proof, clock=clock).model_dump(mode="json")


def test_a_certificate_is_renewed_by_the_same_key_only(town: doors.Door) -> None:
    keys, device = Keys.make(), town.client()
    given = enrol(device, code_for(town.as_person("anna"), "quay"), keys, town.clock()).json()
    device.headers["Authorization"] = f"Bearer {given['token']}"
    town.clock.move(days=70)
    renewed = device.post("/api/v1/enrolments/renewal", json=_renewal(keys, town.clock()))
    assert renewed.status_code == 200, renewed.text
    assert renewed.json()["expires_at"] > given["expires_at"]
    stolen_token = device.post("/api/v1/enrolments/renewal", json=_renewal(Keys.make(), town.clock()))
    assert doors.problem(stolen_token) == (422, "bad-proof")
    assert doors.problem(
        town.as_device("other").post("/api/v1/enrolments/renewal", json=_renewal(keys, town.clock()))
    ) == (
        409,
        "not-enrolled",
    )


def test_a_restored_room_without_its_keys_says_who_must_be_enrolled_anew(
    town: doors.Door, database_url: str, tmp_path: Path
) -> None:
    """The keys were lost and made again: nobody is fooled by that, and a code sets it right."""
    keys, device = Keys.make(), town.client()
    given = enrol(device, code_for(town.as_person("anna"), "quay"), keys, town.clock()).json()
    shutil.rmtree(tmp_path / "town")
    enrolment = {"directory": str(tmp_path / "town")}
    with doors.opened(database_url, tmp_path, more={"enrolment": enrolment}) as without:
        (item,) = without.as_person("anna").get("/api/v1/devices").json()["items"]
        assert item["other_keys"] is True
        answer = without.as_person("anna").post("/api/v1/devices/quay/enrolment-code")
        assert doors.problem(answer) == (503, "no-authority")
    authority.make(config.Enrolment.model_validate(enrolment), "Tarragona", datetime.now(UTC))
    with doors.opened(database_url, tmp_path, more={"enrolment": enrolment}) as anew:
        anew.clock.now = town.clock()
        anna, again = anew.as_person("anna"), anew.client()
        again.headers["Authorization"] = f"Bearer {given['token']}"
        refused = again.post("/api/v1/enrolments/renewal", json=_renewal(keys, anew.clock()))
        assert doors.problem(refused) == (409, "other-keys")
        assert anna.get("/api/v1/devices/quay").json()["other_keys"] is True
        assert enrol(anew.client(), code_for(anna, "quay"), keys, anew.clock()).status_code == 200
        assert anna.get("/api/v1/devices/quay").json()["other_keys"] is False


def test_the_towns_own_authority_signs_where_it_is_named(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority.make(config.Enrolment(directory=str(tmp_path / "root")), "Reus", now)
    own = config.Enrolment(
        directory=str(tmp_path / "town"),
        ca_certificate=str(tmp_path / "root" / authority.CA_CERTIFICATE),
        ca_key=str(tmp_path / "root" / authority.CA_KEY),
    )
    made = authority.make(own, "Tarragona", now)
    assert not (tmp_path / "town" / authority.CA_KEY).exists()
    issued = made.certify(Keys.make().csr(), "quay", 30, now)
    root = x509.load_pem_x509_certificates((tmp_path / "root" / authority.CA_CERTIFICATE).read_bytes())[0]
    x509.load_pem_x509_certificates(issued.pem.encode())[0].verify_directly_issued_by(root)
    (tmp_path / "root" / authority.CA_KEY).chmod(0o644)
    with pytest.raises(config.ConfigError, match=r"enrolment\.ca_key: .* others may read"):
        authority.load(own)


def test_a_weak_key_gets_no_certificate_and_the_brokers_is_for_its_names(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    made = authority.make(config.Enrolment(directory=str(tmp_path / "town")), "Tarragona", now)
    with pytest.raises(authority.BadRequestError):
        made.certify("-----BEGIN CERTIFICATE REQUEST-----", "quay", 30, now)
    broker_certificate.write(made, tmp_path / "tls", ["broker.example", "10.0.0.5"], 30, now)
    certificate = x509.load_pem_x509_certificates((tmp_path / "tls" / "broker.crt").read_bytes())[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.5"]
    assert (tmp_path / "tls" / "broker.key").stat().st_mode & 0o777 == 0o600


def test_a_device_believes_no_other_towns_answer() -> None:
    keys, mallory = Keys.make(), ed25519.Ed25519PrivateKey.generate()
    given = wire.Identity(
        certificate="",
        authority="",
        expires_at=datetime.now(UTC),
        device_id="quay",
        name="Quay",
        device_key=keys.public,
        town_key=base64.b64encode(ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode(),
        town_signature=base64.b64encode(mallory.sign(wire.statement_bytes("quay", keys.public))).decode(),
        command_key=None,
        token="quay.secret",  # noqa: S106 - of tests
        mqtt_url="mqtts://quay@127.0.0.1:1",
        mqtt_password="secret",  # noqa: S106 - of tests
    )
    with pytest.raises(identity.IdentityError, match="signature"):
        identity.check(keys, given)
