-- Moments are milliseconds since 1970 in UTC; JSON is text.

-- One line per run. What is here besides the header follows from the records and is kept for lists.
CREATE TABLE runs (
    id          TEXT    NOT NULL PRIMARY KEY,
    -- 1, 2, 3, … in the order in which the runs were stored.
    number      INTEGER NOT NULL UNIQUE,
    psa         TEXT    NOT NULL,
    tenant      TEXT,
    phase       TEXT    NOT NULL,
    records     INTEGER NOT NULL,
    head        TEXT    NOT NULL,
    last_event  INTEGER NOT NULL,
    header      TEXT    NOT NULL
);

-- The large parts of a run, apart, so that lists need not read over them.
CREATE TABLE documents (
    run         TEXT    NOT NULL PRIMARY KEY REFERENCES runs (id),
    survey      TEXT    NOT NULL,
    plan        BLOB,
    plan_digest TEXT,
    report      TEXT
);

-- The journal. hash = SHA-256 (previous, seq, body); record 0 follows the head of the run stored before.
CREATE TABLE records (
    run         TEXT    NOT NULL REFERENCES runs (id),
    seq         INTEGER NOT NULL,
    previous    TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- The items of each plan with the outcome last settled; follows from plan and records.
CREATE TABLE items (
    run         TEXT    NOT NULL REFERENCES runs (id),
    config_id   TEXT    NOT NULL,
    client_id   TEXT    NOT NULL,
    outcome     TEXT,
    settled_at  INTEGER,
    PRIMARY KEY (run, config_id)
) WITHOUT ROWID;

-- Which process works on which client.
CREATE TABLE leases (
    psa         TEXT    NOT NULL,
    tenant      TEXT    NOT NULL,
    client_id   TEXT    NOT NULL,
    run         TEXT    NOT NULL,
    host        TEXT    NOT NULL,
    pid         INTEGER NOT NULL,
    boot        TEXT    NOT NULL,
    operator    TEXT    NOT NULL,
    since       INTEGER NOT NULL,
    PRIMARY KEY (psa, tenant, client_id)
);

CREATE INDEX leases_by_run ON leases (run);

-- Sign-ins that were refused, under a digest of host, user and secret.
CREATE TABLE refusals (
    sign_in     TEXT    NOT NULL PRIMARY KEY,
    at          INTEGER NOT NULL
);

-- Which clients counted as offboarded at the last look at all of them.
CREATE TABLE sweeps (
    psa         TEXT    NOT NULL,
    tenant      TEXT    NOT NULL,
    profile     TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    clients     TEXT    NOT NULL,
    PRIMARY KEY (psa, tenant, profile)
);

-- Configurations that a person wants kept.
CREATE TABLE holds (
    psa         TEXT    NOT NULL,
    tenant      TEXT    NOT NULL,
    config_id   TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    held_by     TEXT    NOT NULL,
    held_at     INTEGER NOT NULL,
    until       INTEGER,
    PRIMARY KEY (psa, tenant, config_id)
);

-- What other processes ask of the one that works on a run.
CREATE TABLE requests (
    number      INTEGER NOT NULL PRIMARY KEY,
    run         TEXT    NOT NULL,
    wish        TEXT    NOT NULL,
    asked_by    TEXT    NOT NULL,
    at          INTEGER NOT NULL
);

CREATE INDEX requests_by_run ON requests (run);
