-- How far each schedule was looked after, and the run of its last firing.
CREATE TABLE schedules (
    name        TEXT    NOT NULL PRIMARY KEY,
    until       INTEGER NOT NULL,
    run         TEXT
);
