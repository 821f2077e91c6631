-- What was pruned: one record per pruning, chained as the journal is; the body names each run that was removed.
CREATE TABLE prunings (
    seq         INTEGER NOT NULL PRIMARY KEY,
    previous    TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    body        TEXT    NOT NULL
);

-- SHA-256 of the report; none beside reports that were kept before.
ALTER TABLE documents ADD COLUMN report_digest TEXT;
