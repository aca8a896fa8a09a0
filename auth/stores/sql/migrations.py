"""The tables, as numbered steps that are run at every start, each once.

Replicas may start at once: one works, the others wait for the database's own lock (advisory in PostgreSQL,
GET_LOCK in MySQL) and find it done. PostgreSQL takes all steps back if one fails; MySQL commits each
statement by itself, so there every statement must be harmless to repeat. While replicas of two versions run,
the older one works with the newer tables: a step adds, and never changes or removes what that one needs.
"""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from auth.errors import DirectoryUnavailable
from auth.stores.sql.engine import MYSQL, POSTGRESQL, answering

WAIT_SECONDS = 30
"""The wait for another replica's migration."""
_MOST_SECONDS = 600.0
_LOCK = 0x746F6E6561726D  # "tonearm"
_MYSQL_LOCK = "CONCAT('tonearm.', MD5(DATABASE()))"  # locks of a server's databases share their names


class Migration(NamedTuple):
    """One step: the statements for each kind of database. A number is never used twice."""

    number: int
    name: str
    statements: dict[str, tuple[str, ...]]


def _adding(column: str, definition: str) -> tuple[str, ...]:
    """Return what adds a column to the accounts where it is missing.

    MySQL, unlike MariaDB, knows no IF NOT EXISTS for a column. Quotes in the definition are doubled.
    """
    step = f"""SET @step = IF(
        (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE()
            AND table_name = 'tonearm_accounts' AND column_name = '{column}') = 0,
        'ALTER TABLE tonearm_accounts ADD COLUMN {column} {definition}',
        'DO 0')"""  # noqa: S608 - both are written in this module
    return step, "PREPARE step FROM @step", "EXECUTE step", "DEALLOCATE PREPARE step"


MIGRATIONS = (
    Migration(
        1,
        "accounts",
        {
            # Addresses are compared byte by byte, as `normalised` has folded them.
            POSTGRESQL: (
                """CREATE TABLE IF NOT EXISTS tonearm_accounts (
                    account_id varchar(36) COLLATE "C" PRIMARY KEY,
                    email varchar(254) COLLATE "C" NOT NULL UNIQUE,
                    password_hash varchar(1024) NOT NULL,
                    roles varchar(255) NOT NULL,
                    created timestamptz NOT NULL,
                    announced boolean NOT NULL,
                    disabled boolean NOT NULL)""",
                """CREATE INDEX IF NOT EXISTS tonearm_accounts_unannounced
                    ON tonearm_accounts (account_id) WHERE NOT announced""",
            ),
            MYSQL: (
                """CREATE TABLE IF NOT EXISTS tonearm_accounts (
                    account_id varchar(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
                    email varchar(254) NOT NULL UNIQUE,
                    password_hash varchar(1024) NOT NULL,
                    roles varchar(255) NOT NULL,
                    created datetime(6) NOT NULL,
                    announced boolean NOT NULL,
                    disabled boolean NOT NULL,
                    INDEX tonearm_accounts_unannounced (announced, account_id)
                ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin""",
            ),
        },
    ),
    Migration(
        2,
        "identities",
        {
            POSTGRESQL: (
                """CREATE TABLE IF NOT EXISTS tonearm_identities (
                    issuer varchar(255) COLLATE "C" NOT NULL,
                    subject varchar(255) COLLATE "C" NOT NULL,
                    account_id varchar(36) COLLATE "C" NOT NULL
                        REFERENCES tonearm_accounts (account_id) ON DELETE CASCADE,
                    PRIMARY KEY (issuer, subject))""",
                """CREATE INDEX IF NOT EXISTS tonearm_identities_account
                    ON tonearm_identities (account_id)""",
            ),
            MYSQL: (
                """CREATE TABLE IF NOT EXISTS tonearm_identities (
                    issuer varchar(255) NOT NULL,
                    subject varchar(255) NOT NULL,
                    account_id varchar(36) NOT NULL,
                    PRIMARY KEY (issuer, subject),
                    FOREIGN KEY (account_id) REFERENCES tonearm_accounts (account_id) ON DELETE CASCADE
                ) ENGINE = InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin""",
            ),
        },
    ),
    Migration(
        3,
        "verified addresses",
        {
            # Accounts from before count as verified, and so do those that an older replica adds meanwhile.
            POSTGRESQL: (
                """ALTER TABLE tonearm_accounts
                    ADD COLUMN IF NOT EXISTS verified boolean NOT NULL DEFAULT true""",
                """CREATE INDEX IF NOT EXISTS tonearm_accounts_unverified
                    ON tonearm_accounts (account_id) WHERE NOT verified""",
            ),
            MYSQL: _adding("verified", "boolean NOT NULL DEFAULT true"),
        },
    ),
    Migration(
        4,
        "mails",
        {
            POSTGRESQL: (
                """ALTER TABLE tonearm_accounts
                    ADD COLUMN IF NOT EXISTS mails varchar(16) NOT NULL DEFAULT 'all'""",
            ),
            MYSQL: _adding("mails", "varchar(16) NOT NULL DEFAULT ''all''"),
        },
    ),
    Migration(
        5,
        "links in mails",
        {
            POSTGRESQL: (
                """ALTER TABLE tonearm_accounts
                    ADD COLUMN IF NOT EXISTS mail_links boolean NOT NULL DEFAULT false""",
            ),
            MYSQL: _adding("mail_links", "boolean NOT NULL DEFAULT false"),
        },
    ),
)

_APPLIED = """CREATE TABLE IF NOT EXISTS tonearm_migrations (
    number integer PRIMARY KEY,
    name varchar(100) NOT NULL,
    applied timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)"""


async def migrate(engine: AsyncEngine, migrations: tuple[Migration, ...] = MIGRATIONS) -> list[int]:
    """Run what has not been run, and return its numbers. Raises DirectoryUnavailable."""
    kind = engine.dialect.name
    async with answering(_MOST_SECONDS), engine.connect() as connection:
        try:
            await connection.execution_options(isolation_level="READ COMMITTED")
            await _lock(connection, kind)
            done = await _run(connection, kind, migrations)
            await connection.commit()
        except BaseException:
            await connection.invalidate()  # and with it the lock, which is its session's
            raise
        if kind == MYSQL:
            await connection.execute(text(f"DO RELEASE_LOCK({_MYSQL_LOCK})"))
    return done


async def _lock(connection: AsyncConnection, kind: str) -> None:
    if kind == POSTGRESQL:
        await connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        return
    got = await connection.scalar(text(f"SELECT GET_LOCK({_MYSQL_LOCK}, {WAIT_SECONDS})"))
    if got != 1:
        raise DirectoryUnavailable("the database is being migrated by somebody else, for long already")


async def _run(connection: AsyncConnection, kind: str, migrations: tuple[Migration, ...]) -> list[int]:
    await connection.execute(text(_APPLIED))
    known = set((await connection.execute(text("SELECT number FROM tonearm_migrations"))).scalars())
    due = [migration for migration in migrations if migration.number not in known]
    for migration in due:
        for statement in migration.statements[kind]:
            await connection.exec_driver_sql(statement)
        await connection.execute(
            text("INSERT INTO tonearm_migrations (number, name) VALUES (:number, :name)"),
            {"number": migration.number, "name": migration.name},
        )
    return [migration.number for migration in due]
