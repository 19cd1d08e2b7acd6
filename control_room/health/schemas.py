"""What the health routes give."""

from typing import Literal

from pydantic import BaseModel

from wire.message import UtcTime


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class DatabaseReadiness(BaseModel):
    """The database."""

    reachable: bool
    schema_current: bool
    pending_migrations: list[str]
    storage: str | None
    """`timescaledb VERSION`, or `plain tables`; null while it cannot be reached."""


class BrokerReadiness(BaseModel):
    """The broker, as the worker sees it."""

    connected: bool
    since: UtcTime | None
    worker_seen_at: UtcTime | None
    """Null: no worker was heard for 45 s."""


class Readiness(BaseModel):
    """Whether people can work with the room."""

    ready: bool
    """The database is reachable and current. A broker that is away does not make the room unready: people go on with
    what is there."""
    database: DatabaseReadiness
    broker: BrokerReadiness
