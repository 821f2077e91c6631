-- A run: what was asked and found, and the plan's canonical bytes. Never changed once written.
CREATE TABLE runs (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    started_at TEXT    NOT NULL,
    profile    TEXT    NOT NULL,
    tenant     TEXT,
    dry_run    INTEGER NOT NULL,
    header     TEXT    NOT NULL,
    survey     TEXT    NOT NULL,
    plan       BLOB,
    digest     TEXT,
    -- the head of the run put down before this one
    start      TEXT    NOT NULL
);

-- Where a run stands; follows from its records, kept for lists.
CREATE TABLE standings (
    run     TEXT    PRIMARY KEY REFERENCES runs (id),
    phase   TEXT    NOT NULL,
    head    TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    errors  INTEGER NOT NULL
);

-- The journal: one record an event, each with the hash of the one before.
CREATE TABLE records (
    run    TEXT    NOT NULL REFERENCES runs (id),
    seq    INTEGER NOT NULL,
    event  TEXT    NOT NULL,
    before TEXT    NOT NULL,
    hash   TEXT    NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

CREATE TABLE reports (
    run    TEXT PRIMARY KEY REFERENCES runs (id),
    report TEXT NOT NULL
);

-- One writer per tenant and client.
CREATE TABLE leases (
    tenant   TEXT    NOT NULL,
    client   TEXT    NOT NULL,
    run      TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    host     TEXT    NOT NULL,
    pid      INTEGER NOT NULL,
    boot     TEXT    NOT NULL,
    since    TEXT    NOT NULL,
    PRIMARY KEY (tenant, client)
);

-- What a person wants left alone, and until when.
CREATE TABLE holds (
    tenant  TEXT NOT NULL,
    config  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    until   TEXT,
    placed_by TEXT NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (tenant, config)
);

-- Wishes to a run of another process, such as "cancel".
CREATE TABLE wishes (
    run  TEXT NOT NULL,
    wish TEXT NOT NULL,
    at   TEXT NOT NULL
);
