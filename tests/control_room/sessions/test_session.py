"""Log in, see who is logged in, log out."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from control_room import callers
from control_room.sessions import service as sessions
from control_room.users import service as users
from tests.control_room import door as doors

SESSION = "/api/v1/session"


@pytest.fixture
def house(door: doors.Door) -> doors.Door:
    with door.connection() as connection:
        doors.add_user(connection, "marta", door.clock(), doors.PASSWORD)
    return door


def _log_in(door: doors.Door, user: str = "marta", password: str = doors.PASSWORD) -> httpx.Client:
    client = door.client()
    client.post(SESSION, json={"user": user, "password": password}).raise_for_status()
    return client


def test_login_sets_a_cookie_that_scripts_and_other_sites_cannot_use(house: doors.Door) -> None:
    client = house.client()
    answer = client.post(SESSION, json={"user": "marta", "password": doors.PASSWORD})
    assert answer.status_code == 200
    body = answer.json()
    assert {**body, "csrf_token": "-"} == {"csrf_token": "-", "user": "marta", "role": "operator", "language": "ca"}
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("talaia_session=")
    assert sorted(attributes) == ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=strict"]
    assert client.get(SESSION).json() == body
    audited = house.rows("SELECT actor_kind, actor, role, address, action, result FROM audit ORDER BY audit_id DESC")
    assert audited[0] == {
        "actor_kind": "user",
        "actor": "marta",
        "role": "operator",
        "address": "192.0.2.7",
        "action": "session.begin",
        "result": "ok",
    }


def test_the_cookie_is_secure_over_https(house: doors.Door) -> None:
    client = house.client(scheme="https")
    answer = client.post(SESSION, json={"user": "Marta", "password": doors.PASSWORD})
    assert "; Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_neither_cookie_nor_password_is_kept(house: doors.Door) -> None:
    client = _log_in(house)
    kept = str(house.rows("SELECT sessions.*, users.* FROM sessions JOIN users USING (user_id)"))
    assert client.cookies["talaia_session"] not in kept
    assert doors.PASSWORD not in kept
    assert "$argon2id$" in kept


@pytest.mark.parametrize(
    ("user", "password"), [("marta", "wrong password"), ("nobody", doors.PASSWORD), ("marta", ""), ("", "x")]
)
def test_a_wrong_login_is_refused_alike(house: doors.Door, user: str, password: str) -> None:
    answer = house.client().post(SESSION, json={"user": user, "password": password})
    if not user or not password:
        assert doors.problem(answer) == (422, "about:blank")
        return
    assert doors.problem(answer) == (401, "wrong-credential")
    assert "set-cookie" not in answer.headers
    audited = house.rows("SELECT actor_kind, actor, result FROM audit ORDER BY audit_id DESC LIMIT 1")
    known = user if user == "marta" else "unknown user"
    assert audited == [{"actor_kind": "anonymous", "actor": known, "result": "refused: wrong credential"}]


def test_a_password_is_never_told_back(house: doors.Door) -> None:
    answer = house.client().post(SESSION, json={"user": "marta", "password": "secret-" * 200})
    assert doors.problem(answer) == (422, "about:blank")
    assert "secret-" not in answer.text


def test_guesses_are_limited_a_user_and_a_success_forgives(house: doors.Door) -> None:
    wrong = {"user": "marta", "password": "wrong password"}
    for _ in range(9):
        assert house.client().post(SESSION, json=wrong).status_code == 401
    _log_in(house)
    for _ in range(10):
        assert house.client().post(SESSION, json=wrong).status_code == 401
    answer = house.client().post(SESSION, json={"user": "MARTA", "password": doors.PASSWORD})
    assert doors.problem(answer) == (429, "too-many-requests")
    assert answer.headers["retry-after"] == "900"
    house.clock.move(minutes=15)
    assert house.client().post(SESSION, json={**wrong, "password": doors.PASSWORD}).status_code == 200


def test_dead_links_are_limited_an_address(house: doors.Door) -> None:
    for _ in range(30):
        answer = house.client().post(f"{SESSION}/link", json={"token": "x" * 43})
        assert doors.problem(answer) == (401, "dead-link")
    answer = house.client().post(SESSION, json={"user": "marta", "password": doors.PASSWORD})
    assert doors.problem(answer) == (429, "too-many-requests")
    elsewhere = house.client(address="198.51.100.1")
    assert elsewhere.post(SESSION, json={"user": "marta", "password": doors.PASSWORD}).status_code == 200


def test_a_session_ends_when_its_time_is_up(house: doors.Door) -> None:
    marta = house.as_person("marta")
    house.clock.move(hours=11, minutes=59)
    assert marta.get(SESSION).status_code == 200
    house.clock.move(minutes=1)
    assert doors.problem(marta.get(SESSION)) == (401, "not-signed-in")


def test_logging_out_ends_the_session_for_good(house: doors.Door) -> None:
    marta = house.as_person("marta")
    answer = marta.delete(SESSION)
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache"'
    assert doors.problem(marta.get(SESSION)) == (401, "not-signed-in")
    assert house.rows("SELECT * FROM sessions") == []


def test_a_disabled_account_is_out_at_once(house: doors.Door) -> None:
    marta = house.as_person("marta")
    house.rows("UPDATE users SET disabled_at = now() RETURNING 1")
    assert doors.problem(marta.get(SESSION)) == (401, "not-signed-in")
    answer = house.client().post(SESSION, json={"user": "marta", "password": doors.PASSWORD})
    assert doors.problem(answer) == (401, "wrong-credential")


def test_another_password_ends_sessions_and_links(house: doors.Door) -> None:
    marta = house.as_person("marta")
    with house.connection() as connection, connection.transaction():
        by, now = callers.command(), house.clock()
        token = sessions.make_link(connection, "marta", by=by, now=now)
        users.set_password(connection, "marta", "another long password", by=by, now=now)
    assert doors.problem(marta.get(SESSION)) == (401, "not-signed-in")
    assert doors.problem(house.client().post(f"{SESSION}/link", json={"token": token})) == (401, "dead-link")


def test_a_login_link_works_once(house: doors.Door) -> None:
    with house.connection() as connection, connection.transaction():
        token = sessions.make_link(connection, "marta", by=callers.command(), now=house.clock())
    assert token not in str(house.rows("SELECT * FROM login_links"))
    client = house.client()
    answer = client.post(f"{SESSION}/link", json={"token": token})
    assert answer.json()["user"] == "marta"
    assert client.get(SESSION).status_code == 200
    assert doors.problem(house.client().post(f"{SESSION}/link", json={"token": token})) == (401, "dead-link")


def test_a_login_link_dies_after_15_minutes(house: doors.Door) -> None:
    with house.connection() as connection, connection.transaction():
        token = sessions.make_link(connection, "marta", by=callers.command(), now=house.clock())
    house.clock.move(minutes=15)
    assert doors.problem(house.client().post(f"{SESSION}/link", json={"token": token})) == (401, "dead-link")


def test_a_form_of_another_site_cannot_log_in(house: doors.Door) -> None:
    """A cross-site form can send text/plain without asking; JSON it cannot."""
    content = f'{{"user": "marta", "password": "{doors.PASSWORD}"}}'
    answer = house.client().post(SESSION, content=content, headers={"content-type": "text/plain"})
    assert doors.problem(answer) == (422, "about:blank")


def test_expired_sessions_are_forgotten(house: doors.Door) -> None:
    house.as_person("marta")
    house.clock.move(hours=12)
    house.as_person("marta")
    expires = [row["expires_at"] for row in house.rows("SELECT expires_at FROM sessions")]
    assert expires == [house.clock() + timedelta(hours=12)]
