"""Keeps the broker's accounts as the table of devices has them: a thread of the worker."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg

from control_room import config
from control_room.broker_access.dynamic_security import AccessError, Accounts
from control_room.database import pool, sql

if TYPE_CHECKING:
    from control_room.enrolment.authority import Authority

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 0.5
_ASK_EVERY_S = 300.0
"""How often the broker itself is asked what accounts it has: somebody may have put an older copy of them back."""
_BACK_OFF_S = 2.0
_LOCK = 0x74616C6163  # "talac": one worker of several

_QUERIES = sql.load(__file__)


class Keeping:
    """`run` until `stop`; a broker or a database that is away is waited for."""

    def __init__(self, settings: config.Settings, authority: Authority, stop: threading.Event) -> None:
        self._settings = settings
        self._authority = authority
        self._stop = stop
        self._said_of: set[str] = set()
        self.thread = threading.Thread(target=self.run, name="broker-access", daemon=True)

    def run(self) -> None:
        said = ""
        while not self._stop.is_set():
            try:
                self._keep()
            except (AccessError, pool.UnreachableError, psycopg.Error) as error:
                now = pool.one_line(error)
                if now != said:
                    _LOG.error("the broker's accounts cannot be kept: %s", now)
                said = now
            self._stop.wait(_BACK_OFF_S)

    def _keep(self) -> None:
        with pool.connect(self._settings.database.url, autocommit=True) as connection:
            while connection.execute(_QUERIES["try_lock"], {"key": _LOCK}).fetchone() != (True,):
                if self._stop.wait(_BACK_OFF_S):
                    return
            accounts = Accounts(self._settings.mqtt.model_copy(update={"url": self._settings.broker.admin_url}))
            try:
                self._follow(connection, accounts)
            finally:
                accounts.close()

    def _follow(self, connection: pool.Connection, accounts: Accounts) -> None:
        has, asked_s = accounts.devices(), time.monotonic()
        while not self._stop.is_set():
            rows = connection.execute(_QUERIES["wanted"]).fetchall()
            self._bring(accounts, has, self._without_our_own(rows))
            self._stop.wait(_LOOK_EVERY_S)
            if accounts.is_lost:  # it may come back with an older copy of its accounts
                raise AccessError("the connection was lost")
            if time.monotonic() - asked_s > _ASK_EVERY_S:
                has, asked_s = accounts.devices(), time.monotonic()

    def _without_our_own(self, rows: list[tuple[Any, ...]]) -> dict[str, int]:
        """A device that was given the name of one of the room's accounts, before that was refused, gets none."""
        wanted = {str(name): int(generation) for name, generation in rows}
        own = wanted.keys() & self._settings.broker_accounts
        if own and own != self._said_of:
            _LOG.error("%s: called as an account of the room is, so without one at the broker", ", ".join(sorted(own)))
        self._said_of = own
        return {name: generation for name, generation in wanted.items() if name not in own}

    def _bring(self, accounts: Accounts, has: dict[str, int], wanted: dict[str, int]) -> None:
        for device_id in has.keys() - wanted.keys():
            accounts.remove(device_id)
            del has[device_id]
            _LOG.info("the account of %s at the broker is taken away", device_id)
        for device_id, generation in wanted.items():
            if has.get(device_id) == generation:
                continue
            password = self._authority.password(device_id, generation)
            if device_id in has:
                accounts.change(device_id, password, generation)
            else:
                accounts.add(device_id, password, generation)
            has[device_id] = generation
            _LOG.info("%s has an account at the broker", device_id)
