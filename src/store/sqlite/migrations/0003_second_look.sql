-- When a run's items are to be looked at again; follows from the records and is kept for the question which are due.
ALTER TABLE runs ADD COLUMN look_due INTEGER;

CREATE INDEX runs_by_look ON runs (look_due) WHERE look_due IS NOT NULL;
