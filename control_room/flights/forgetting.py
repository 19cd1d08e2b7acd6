"""Takes flights out whole: by retention, once the years of their log are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql as compose

from control_room.database import sql

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from control_room.database import pool

_QUERIES = sql.load(__file__)
_INNER_FIRST = (("findings", "finding_id"), ("analyses", "analysis_id"), ("footage", "footage_id"))


def forget(connection: pool.Connection, flight_ids: Sequence[uuid.UUID]) -> None:
    """In the caller's transaction, which says what went. Their files have left the store before.

    Rows of other features that only make sense with a flight go too; those that merely name it, such as an aircraft's
    defect, stay without it. The database's own keys tell which is which.
    """
    connection.execute(_QUERIES["allow_history"])
    given = {"flight_ids": list(flight_ids)}
    connection.execute(_QUERIES["forget_samples_of"], given)
    for table, key in _INNER_FIRST:
        chosen = compose.SQL("SELECT {} FROM {} WHERE flight_id = ANY({})").format(
            compose.Identifier(key), compose.Identifier(table), compose.Placeholder("flight_ids")
        )
        ids = [row[0] for row in connection.execute(chosen, given)]
        _remove(connection, table, key, ids)
    _remove(connection, "flights", "flight_id", flight_ids)


def _remove(connection: pool.Connection, table: str, key: str, ids: Sequence[uuid.UUID]) -> None:
    given = {"ids": list(ids), "table": table}
    for other, column, needs_it in connection.execute(_QUERIES["referencing"], given).fetchall():
        form = "DELETE FROM {0} WHERE {1} = ANY({2})" if needs_it else "UPDATE {0} SET {1} = NULL WHERE {1} = ANY({2})"
        statement = compose.SQL(form).format(
            compose.Identifier(other), compose.Identifier(column), compose.Placeholder("ids")
        )
        connection.execute(statement, given)
    statement = compose.SQL("DELETE FROM {} WHERE {} = ANY({})").format(
        compose.Identifier(table), compose.Identifier(key), compose.Placeholder("ids")
    )
    connection.execute(statement, given)
