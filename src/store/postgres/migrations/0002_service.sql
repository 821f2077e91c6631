-- Work that was asked for; the run that it makes or goes on with has its id already.
CREATE TABLE jobs (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run         TEXT   COLLATE "C" NOT NULL,
    profile     TEXT   NOT NULL,
    task        TEXT   NOT NULL,
    origin      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    not_before  BIGINT NOT NULL,
    -- Jobs of one lane never go on at the same time.
    lane        TEXT   COLLATE "C",
    -- What makes a second job the same as this one, until when.
    once        TEXT   COLLATE "C",
    fingerprint TEXT   COLLATE "C",
    once_until  BIGINT,
    tries       BIGINT NOT NULL DEFAULT 0,
    -- The process that has it.
    process     TEXT   COLLATE "C",
    host        TEXT   COLLATE "C",
    pid         BIGINT,
    boot        TEXT   COLLATE "C",
    operator    TEXT,
    since       BIGINT,
    ended_at    BIGINT,
    trouble     TEXT
);

CREATE INDEX jobs_by_run ON jobs (run);
CREATE UNIQUE INDEX jobs_open ON jobs (run) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX jobs_by_once ON jobs (once) WHERE once IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (not_before, number) WHERE ended_at IS NULL AND host IS NULL;
CREATE INDEX jobs_held ON jobs (number) WHERE ended_at IS NULL AND host IS NOT NULL;

-- Who may call the API; the tokens themselves are nowhere.
CREATE TABLE tokens (
    id          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    rights      TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    expires     BIGINT,
    revoked     BIGINT,
    last_used   BIGINT
);

-- How far each schedule was looked after, and the run of its last firing.
CREATE TABLE schedules (
    name        TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    until       BIGINT NOT NULL,
    run         TEXT   COLLATE "C"
);
