"""On a real Mosquitto with TLS: each device speaks for itself only, and one that is revoked is cut and stays out."""

from __future__ import annotations

import pytest

from control_room import config
from control_room.broker_access.dynamic_security import AccessError, Accounts
from control_room.ingest.broker import Inbox, new_client, start
from control_room.ingest.waiting import Waiting
from tests.control_room import door as doors
from tests.control_room import secure_broker, services
from tests.control_room.broker_access.town import Town
from tests.control_room.secure_broker import Client
from wire import topics

GRANTED, REFUSED = "Granted QoS 1", "Not authorized"
TAKEN = {"Success", "No matching subscribers"}


def test_a_device_speaks_and_hears_as_itself_only(town: Town) -> None:
    quay, harbour = town.enrol("quay"), town.enrol("harbour")
    other = town.connected(harbour)
    client = town.connected(quay)
    own = {topic.name: client.publish(topic.of("quay")) for topic in topics.TOPICS}
    assert {name for name, answer in own.items() if answer in TAKEN} == {
        topic.name for topic in topics.TOPICS if topic.sender == "device"
    }
    assert {answer for answer in own.values() if answer not in TAKEN} == {REFUSED}
    assert {client.publish(topic.of("harbour")) for topic in topics.TOPICS} == {REFUSED}
    hears = {topic.name: client.subscribe(topic.of("quay")) for topic in topics.TOPICS}
    assert {name for name, answer in hears.items() if answer == GRANTED} == {"acks", "commands"}
    foreign = [topic.of("harbour") for topic in topics.TOPICS] + [topic.of_all for topic in topics.TOPICS]
    for wanted in [*foreign, "#", "+/+/#", "$share/x/talaia/v1/+/events", "$CONTROL/#", "$SYS/#"]:
        assert client.subscribe(wanted) == REFUSED, wanted
    assert client.publish("$CONTROL/dynamic-security/v1", b'{"commands":[]}') == REFUSED
    assert other.subscribe(topics.COMMANDS.of("harbour")) == GRANTED
    assert other.heard == []
    for each in (client, other):
        each.close()


def test_another_devices_certificate_or_none_opens_nothing(town: Town) -> None:
    quay, harbour = town.enrol("quay"), town.enrol("harbour")
    town.connected(quay).close()
    thief = Client("quay", harbour.mqtt_password, town.broker.tls_port, town.broker.trust(town.folder / "harbour"))
    assert thief.connected() == REFUSED
    thief.close()
    bare = Client("quay", quay.mqtt_password, town.broker.tls_port, town.broker.trust(None))
    bare.wait(lambda: bool(bare.endings), "an end of the connection without a certificate")
    assert "Success" not in bare.connections
    bare.close()


def test_no_device_takes_anothers_place_by_its_client_id(town: Town) -> None:
    quay, harbour = town.enrol("quay"), town.enrol("harbour")
    client = town.connected(quay)
    town.connected(harbour).close()
    intruder = town.connect(harbour, client_id="quay")
    assert intruder.connected() == "Success"
    assert client.publish(topics.EVENTS.of("quay")) in TAKEN
    assert client.endings == []
    for each in (client, intruder):
        each.close()


def test_a_revoked_device_is_cut_and_cannot_come_back(town: Town) -> None:
    quay, harbour = town.enrol("quay"), town.enrol("harbour")
    client, bystander = town.connected(quay), town.connected(harbour)
    anna = town.door.as_person("anna")
    anna.post("/api/v1/devices/quay/revoke", json={"reason": "stolen from its cabinet"})
    client.wait(lambda: bool(client.endings), "the end of its connection")
    assert client.endings[0] == "Administrative action"
    client.wait(lambda: client.connections.count(REFUSED) > 1, "two refused attempts to come back")
    assert client.connections.count("Success") == 1
    device = town.door.client()
    device.headers["Authorization"] = f"Bearer {quay.token}"
    assert device.post("/api/v1/enrolments/renewal", json={}).status_code == 401
    assert bystander.endings == []
    again = town.connected(town.enrol("quay"))  # found again, and let in by a new code
    assert again.publish(topics.EVENTS.of("quay")) in TAKEN
    for each in (client, bystander, again):
        each.close()


def test_a_new_enrolment_cuts_who_has_the_old_password(town: Town) -> None:
    old = town.enrol("quay")
    client = town.connected(old)
    new = town.enrol("quay")
    client.wait(lambda: bool(client.endings), "the end of the connection with the old password")
    client.wait(lambda: REFUSED in client.connections, "its refusal")
    assert client.connections.count("Success") == 1
    assert old.mqtt_password != new.mqtt_password
    town.connected(new).close()
    client.close()


def test_a_broker_that_lost_its_accounts_gets_them_again(town: Town) -> None:
    given = town.enrol("quay")
    town.connected(given).close()
    first = town.broker.accounts.read_text(encoding="utf-8")
    assert '"quay"' in first
    settings = config.Settings.model_validate(town.broker.sections)
    accounts = Accounts(settings.mqtt.model_copy(update={"url": settings.broker.admin_url}))
    accounts.remove("quay")
    accounts.close()
    town.broker.stop()
    town.broker.start()
    town.connected(given).close()


def test_the_rooms_own_account_may_not_touch_accounts(town: Town) -> None:
    settings = config.Settings.model_validate(town.broker.sections)
    with pytest.raises(AccessError, match="Not authorized"):
        Accounts(settings.mqtt)
    assert town.keeping.thread.is_alive()


def test_the_rooms_workers_may_share_what_devices_say(broker: secure_broker.SecureBroker) -> None:
    settings = config.Settings.model_validate(broker.sections).mqtt
    shares = [Waiting(), Waiting()]
    inboxes = [
        Inbox(settings, waiting, client_id=f"sharing-{number}", shares=(topics.EVENTS,), receive_maximum=100)
        for number, waiting in enumerate(shares)
    ]
    for inbox in inboxes:
        inbox.start()
    sender = new_client(settings, "sender", manual_ack=False)
    start(sender, settings, session_kept_s=0, receive_maximum=10)
    services.wait_until(lambda: all(inbox.hears_since for inbox in inboxes), 120, "both")
    for number in range(10):
        sender.publish(topics.EVENTS.of("quay"), str(number).encode(), 1)
    services.wait_until(lambda: sum(map(len, shares)) == 10, 120, "each message once")
    assert all(map(len, shares))
    for inbox in inboxes:
        inbox.end_session()
    sender.disconnect()
    sender.loop_stop()


def test_no_device_is_called_as_an_account_of_the_room_is(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    """Revoking such a one would take the room its own account."""
    anna = town.door.as_person("anna")
    for taken in ("room", "keeper"):
        answer = anna.post("/api/v1/devices", json={"device_id": taken, "name": "A box"})
        assert doors.problem(answer) == (409, "device-taken")
        assert f"'{taken}' is the name of an account of this room at the broker" in answer.json()["detail"]
    town.door.as_device("room")  # of an older room, which took it
    older = "UPDATE devices SET broker_generation = 1, enrolled_at = now() WHERE device_id = 'room' RETURNING 1"
    assert town.door.rows(older)
    town.connected(town.enrol("harbour")).close()
    assert "room: called as an account of the room is" in caplog.text
    town.door.rows("UPDATE devices SET revoked_at = now() WHERE device_id = 'room' RETURNING 1")
    town.connected(town.enrol("mole")).close()
    user, _, password = secure_broker.ROOM.partition(":")
    own = Client(user, password, town.broker.port, None)
    assert own.connected() == "Success"
    own.close()
