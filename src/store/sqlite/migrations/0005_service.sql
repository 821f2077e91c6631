-- Work that was asked for; the run that it makes or goes on with has its id already.
CREATE TABLE jobs (
    number      INTEGER NOT NULL PRIMARY KEY,
    run         TEXT    NOT NULL,
    profile     TEXT    NOT NULL,
    task        TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    not_before  INTEGER NOT NULL,
    -- Jobs of one lane never go on at the same time.
    lane        TEXT,
    -- What makes a second job the same as this one, until when.
    once        TEXT,
    fingerprint TEXT,
    once_until  INTEGER,
    tries       INTEGER NOT NULL DEFAULT 0,
    -- The process that has it.
    host        TEXT,
    pid         INTEGER,
    boot        TEXT,
    operator    TEXT,
    since       INTEGER,
    ended_at    INTEGER,
    trouble     TEXT
);

CREATE INDEX jobs_by_run ON jobs (run);
CREATE UNIQUE INDEX jobs_open ON jobs (run) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX jobs_by_once ON jobs (once) WHERE once IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (not_before, number) WHERE ended_at IS NULL AND host IS NULL;
CREATE INDEX jobs_held ON jobs (number) WHERE ended_at IS NULL AND host IS NOT NULL;

-- Who may call the API; the tokens themselves are nowhere.
CREATE TABLE tokens (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    rights      TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    made_at     INTEGER NOT NULL,
    expires     INTEGER,
    revoked     INTEGER,
    last_used   INTEGER
);
