"""Migrations reach exactly schema.sql, again is harmless, and both kinds of PostgreSQL take it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from control_room.database import migrate, pool
from tests.control_room import services

COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
        pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY 1, 2
"""
TABLES = """
    SELECT relname, relkind, obj_description(oid), CASE WHEN relkind = 'v' THEN pg_get_viewdef(oid) END
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S') ORDER BY 1
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
TRIGGERS = """
    SELECT tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE NOT tgisinternal AND tgname !~ '^ts_' AND relnamespace = 'public'::regnamespace ORDER BY 1
"""
FUNCTIONS = """
    SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1
"""


def catalogue(url: str) -> dict[str, list[tuple[object, ...]]]:
    queries = {
        "tables": TABLES,
        "columns": COLUMNS,
        "constraints": CONSTRAINTS,
        "indexes": INDEXES,
        "triggers": TRIGGERS,
        "functions": FUNCTIONS,
    }
    with pool.connect(url) as connection:
        return {what: connection.execute(query).fetchall() for what, query in queries.items()}


@pytest.mark.parametrize("kind", ["plain", "timescale"])
def test_migrations_reach_the_schema(kind: str, request: pytest.FixtureRequest) -> None:
    server: services.Server = request.getfixturevalue(f"{kind}_server")
    migrated, declared = server.new_database(migrated=False), server.new_database(migrated=False)
    migrate.migrate(migrated)
    with pool.connect(declared) as connection:
        connection.execute(migrate.schema())
    found, expected = catalogue(migrated), catalogue(declared)
    for url in (migrated, declared):
        server.drop_database(url)
    assert found == expected
    assert {"events", "alerts", "audit", "stream"} <= {row[0] for row in found["tables"]}


def test_every_table_and_column_says_what_it_holds(database_url: str) -> None:
    found = catalogue(database_url)
    is_view = {name: kind == "v" for name, kind, _, _ in found["tables"]}
    undescribed = [name for name, kind, comment, _ in found["tables"] if kind != "S" and comment is None]
    undescribed += [f"{row[0]}.{row[1]}" for row in found["columns"] if row[6] is None and not is_view[row[0]]]
    assert undescribed == []


def test_again_is_harmless(database_url: str) -> None:
    before = catalogue(database_url)
    assert migrate.migrate(database_url) == []
    assert catalogue(database_url) == before


def test_two_at_once_run_each_migration_once(database_server: services.Server) -> None:
    url = database_server.new_database(migrated=False)
    with ThreadPoolExecutor(2) as both:
        ran = list(both.map(migrate.migrate, [url, url]))
    with pool.connect(url) as connection:
        had = connection.execute("SELECT count(*) FROM schema_migrations").fetchone()
    database_server.drop_database(url)
    names = [name for name, _ in migrate.files()]
    assert sorted(ran) == [[], names]
    assert had == (len(names),)


def test_pending_names_what_is_missing(database_server: services.Server, database_url: str) -> None:
    empty = database_server.new_database(migrated=False)
    with pool.connect(empty) as connection:
        missing = migrate.pending(connection)
    database_server.drop_database(empty)
    with pool.connect(database_url) as connection:
        assert migrate.pending(connection) == []
    assert missing == [name for name, _ in migrate.files()]


def test_timescale_holds_events_and_metrics_in_chunks(timescale_server: services.Server) -> None:
    url = timescale_server.new_database()
    with pool.connect(url) as connection:
        version = migrate.timescale_version(connection)
        tables = connection.execute("SELECT hypertable_name FROM timescaledb_information.hypertables ORDER BY 1")
        names = [row[0] for row in tables]
    timescale_server.drop_database(url)
    assert version is not None
    assert names == sorted(migrate.HYPERTABLES)


def test_plain_postgres_is_said_to_be_plain(plain_server: services.Server) -> None:
    url = plain_server.new_database()
    with pool.connect(url) as connection:
        version = migrate.timescale_version(connection)
    plain_server.drop_database(url)
    assert version is None


def test_a_database_that_is_away_is_one_line() -> None:
    with pytest.raises(pool.UnreachableError) as caught:
        migrate.migrate(f"postgresql://nobody@127.0.0.1:{services.free_port()}/none")
    assert "\n" not in str(caught.value)
    assert "refused" in str(caught.value)


def test_audit_rows_can_only_be_added(connection: pool.Connection) -> None:
    connection.execute(
        "INSERT INTO audit (at, actor_kind, actor, action, result) VALUES (now(), 'user', 'anna', 'alert.close', 'ok')"
    )
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(Exception, match="rows of audit can only be added"):
            connection.execute(statement)
    assert connection.execute("SELECT actor FROM audit").fetchall() == [("anna",)]
