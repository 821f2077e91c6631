-- Processes that found no seat, so that none of them goes without one for ever. They say again and again that they wait.
CREATE TABLE waits (
    tenant      TEXT   COLLATE "C" NOT NULL,
    object      TEXT   COLLATE "C" NOT NULL,
    process     TEXT   COLLATE "C" NOT NULL,
    since       TIMESTAMPTZ NOT NULL,
    said        TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant, object, process)
);
