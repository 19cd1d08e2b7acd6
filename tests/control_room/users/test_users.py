"""Accounts, as the command makes them."""

from __future__ import annotations

import pytest

from control_room import callers
from control_room.database import pool
from control_room.users import passwords, service
from tests.control_room import door as doors
from tests.control_room import messages

BY = callers.Caller(kind="command", name="root")
NOW = messages.RECEIVED
PASSWORD = "a long enough password"  # noqa: S105 - of tests


def test_an_account_is_made_listed_and_written_down(connection: pool.Connection) -> None:
    user_id = service.add(connection, "Núria.P", "operator", password=PASSWORD, by=BY, now=NOW, language="es")
    (listed,) = service.listed(connection)
    assert listed == service.ListedUser(user_id, "Núria.P", "operator", "es", NOW, None, has_password=True)
    assert service.get(connection, "núria.p").user_id == user_id
    audited = messages.rows(connection, "SELECT actor_kind, actor, action, object_id, detail FROM audit")
    assert audited == [
        {
            "actor_kind": "command",
            "actor": "root",
            "action": "user.add",
            "object_id": "Núria.P",
            "detail": {"role": "operator"},
        }
    ]


@pytest.mark.parametrize(
    ("name", "role", "language", "password", "said"),
    [
        ("marta", "operator", "ca", PASSWORD, "user: 'marta' is taken"),
        ("MARTA", "pilot", "ca", None, "user: 'MARTA' is taken"),
        ("", "operator", "ca", PASSWORD, "user: '' is no name"),
        ("a b", "operator", "ca", PASSWORD, "user: 'a b' is no name"),
        ("x" * 65, "operator", "ca", PASSWORD, "is no name"),
        ("pere", "device", "ca", PASSWORD, "role: 'device' is none of administrator, operator, pilot"),
        ("pere", "pilot", "fr", PASSWORD, "language: 'fr' is none of ca, es, en"),
        ("pere", "pilot", "ca", "short", "password: it has 5 characters; 10 to 1024 are allowed"),
        ("pere", "pilot", "ca", "x" * 1025, "password: it has 1025 characters"),
    ],
)
def test_what_is_no_account(
    connection: pool.Connection, *, name: str, role: str, language: str, password: str | None, said: str
) -> None:
    service.add(connection, "marta", "operator", password=None, by=BY, now=NOW)
    with pytest.raises(service.UserError, match=said):
        service.add(connection, name, role, password=password, by=BY, now=NOW, language=language)
    assert len(service.listed(connection)) == 1


def test_a_password_for_nobody(connection: pool.Connection) -> None:
    with pytest.raises(service.UserError, match="user: there is no 'marta'"):
        service.set_password(connection, "marta", PASSWORD, by=BY, now=NOW)


def test_passwords_are_argon2id_and_salted() -> None:
    first, second = passwords.create(PASSWORD), passwords.create(PASSWORD)
    assert first.startswith("$argon2id$v=19$")
    assert first != second
    assert passwords.matches(PASSWORD, first)
    assert not passwords.matches(PASSWORD + "x", first)
    assert not passwords.matches(PASSWORD, None)
    assert not passwords.matches(PASSWORD, "no hash")
    assert not passwords.is_outdated(first)
    assert passwords.is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$cLzTBO2wZBOSf5p/y6bHZ0JpF7Zd0FwS9ySqf2rv1/I")


def test_an_administrator_reads_the_accounts_page_by_page_with_what_each_may_watch(door: doors.Door) -> None:
    anna, marta = door.as_person("anna"), door.as_person("marta")
    anna.put("/api/v1/users/marta/cameras", json={"all": False, "flights": False}).raise_for_status()
    first = anna.get("/api/v1/users", params={"limit": 1}).json()
    rest = anna.get("/api/v1/users", params={"cursor": first["next_cursor"]}).json()
    found = {one["user"]: (one["role"], one["all"], one["flights"]) for one in first["items"] + rest["items"]}
    assert (found["anna"], found["marta"]) == (("administrator", True, True), ("operator", False, False))
    assert ([one["user"] for one in first["items"]], rest["next_cursor"]) == (["anna"], None)
    assert [one["user"] for one in anna.get("/api/v1/users", params={"search": "ART"}).json()["items"]] == ["marta"]
    assert doors.problem(marta.get("/api/v1/users")) == (403, "forbidden")
    assert doors.problem(anna.get("/api/v1/users", params={"cursor": "x"})) == (422, "bad-cursor")
