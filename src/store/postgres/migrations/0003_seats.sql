-- Calls to a PSA that are under way, those of all processes together: a seat each, as a whole (object '') and about each
-- thing that the vendor limits calls for. A seat is free again when its process has ended, or no call can last so long.
CREATE TABLE seats (
    tenant      TEXT   COLLATE "C" NOT NULL,
    object      TEXT   COLLATE "C" NOT NULL,
    number      BIGINT NOT NULL,
    process     TEXT   COLLATE "C" NOT NULL,
    taken       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, object, number)
);

-- Calls that processes may make until a moment, out of those that the tenant's window has.
CREATE TABLE loans (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant      TEXT   COLLATE "C" NOT NULL,
    until       TIMESTAMPTZ NOT NULL,
    calls       BIGINT NOT NULL
);

CREATE INDEX loans_by_tenant ON loans (tenant);
