-- Moments are milliseconds since 1970 in UTC, by the clock of whoever wrote them; JSON is text, word for word as it
-- was hashed. Text is compared byte by byte, whatever language the database was made for.

-- One line per run. What is here besides the header follows from the records and is kept for lists.
CREATE TABLE runs (
    id          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    -- 1, 2, 3, … in the order in which the runs were stored.
    number      BIGINT NOT NULL UNIQUE,
    psa         TEXT   COLLATE "C" NOT NULL,
    tenant      TEXT   COLLATE "C",
    phase       TEXT   COLLATE "C" NOT NULL,
    records     BIGINT NOT NULL,
    head        TEXT   COLLATE "C" NOT NULL,
    last_event  BIGINT NOT NULL,
    -- When the run's items are to be looked at again.
    look_due    BIGINT,
    header      TEXT   NOT NULL
);

CREATE INDEX runs_by_look ON runs (look_due) WHERE look_due IS NOT NULL;

-- The large parts of a run, apart, so that lists need not read over them.
CREATE TABLE documents (
    run           TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES runs (id),
    survey        TEXT NOT NULL,
    plan          BYTEA,
    plan_digest   TEXT,
    report        TEXT,
    -- SHA-256 of the report.
    report_digest TEXT
);

-- The journal. hash = SHA-256 (previous, seq, body); record 0 follows the head of the run stored before.
CREATE TABLE records (
    run         TEXT   COLLATE "C" NOT NULL REFERENCES runs (id),
    seq         BIGINT NOT NULL,
    previous    TEXT   COLLATE "C" NOT NULL,
    hash        TEXT   COLLATE "C" NOT NULL,
    body        TEXT   NOT NULL,
    PRIMARY KEY (run, seq)
);

-- The items of each plan with the outcome last settled; follows from plan and records.
CREATE TABLE items (
    run         TEXT   COLLATE "C" NOT NULL REFERENCES runs (id),
    config_id   TEXT   COLLATE "C" NOT NULL,
    client_id   TEXT   COLLATE "C" NOT NULL,
    outcome     TEXT   COLLATE "C",
    settled_at  BIGINT,
    PRIMARY KEY (run, config_id)
);

-- What was pruned: one record per pruning, chained as the journal is; the body names each run that was removed.
CREATE TABLE prunings (
    seq         BIGINT NOT NULL PRIMARY KEY,
    previous    TEXT   COLLATE "C" NOT NULL,
    hash        TEXT   COLLATE "C" NOT NULL,
    body        TEXT   NOT NULL
);

-- The processes that write here, each under a name that it was given when it began.
CREATE TABLE processes (
    id          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    host        TEXT   COLLATE "C" NOT NULL,
    pid         BIGINT NOT NULL,
    boot        TEXT   COLLATE "C" NOT NULL,
    -- Which numbering of processes its pid belongs to: a container has one of its own.
    space       TEXT   COLLATE "C" NOT NULL,
    -- How many transactions it made durable. After a connection was lost, this tells whether the last one was.
    commits     BIGINT NOT NULL,
    -- When it was last heard of, by this database's own clock.
    seen        TIMESTAMPTZ NOT NULL
);

-- Which process works on which client.
CREATE TABLE leases (
    psa         TEXT   COLLATE "C" NOT NULL,
    tenant      TEXT   COLLATE "C" NOT NULL,
    client_id   TEXT   COLLATE "C" NOT NULL,
    run         TEXT   COLLATE "C" NOT NULL,
    process     TEXT   COLLATE "C" NOT NULL,
    host        TEXT   COLLATE "C" NOT NULL,
    pid         BIGINT NOT NULL,
    boot        TEXT   COLLATE "C" NOT NULL,
    operator    TEXT   NOT NULL,
    since       BIGINT NOT NULL,
    PRIMARY KEY (psa, tenant, client_id)
);

CREATE INDEX leases_by_run ON leases (run);

-- The fence: which process may put down intents for a run. Whoever took a lease over stands here instead of the one
-- that it was taken from, or nobody does; it stays after the lease was given back.
CREATE TABLE holders (
    run         TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    process     TEXT   COLLATE "C" NOT NULL
);

-- Sign-ins that were refused, under a digest of host, user and secret.
CREATE TABLE refusals (
    sign_in     TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL
);

-- Which clients counted as offboarded at the last look at all of them.
CREATE TABLE sweeps (
    psa         TEXT   COLLATE "C" NOT NULL,
    tenant      TEXT   COLLATE "C" NOT NULL,
    profile     TEXT   COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    clients     TEXT   NOT NULL,
    PRIMARY KEY (psa, tenant, profile)
);

-- Configurations that a person wants kept.
CREATE TABLE holds (
    psa         TEXT   COLLATE "C" NOT NULL,
    tenant      TEXT   COLLATE "C" NOT NULL,
    config_id   TEXT   COLLATE "C" NOT NULL,
    reason      TEXT   NOT NULL,
    held_by     TEXT   NOT NULL,
    held_at     BIGINT NOT NULL,
    until       BIGINT,
    PRIMARY KEY (psa, tenant, config_id)
);

-- What other processes ask of the one that works on a run.
CREATE TABLE requests (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run         TEXT   COLLATE "C" NOT NULL,
    wish        TEXT   NOT NULL,
    asked_by    TEXT   NOT NULL,
    at          BIGINT NOT NULL
);

CREATE INDEX requests_by_run ON requests (run);
