-- Who acknowledged which mandatory content: by the agent's own id, since that is what the register is for. No other table has
-- ids, and none of the columns is a pseudonym: what joins this one with facts is the content and the moment, which both must
-- have, and no query does.
--
-- The row without a content is a mark: the partition of the log has been recorded here. Where it is missing, what was recorded
-- is gone.
--
-- Sort key: the register of a content is read in the order of agents, beside the directory in the same order, so that neither
-- is ever held whole. An identity that comes again, from the log or a rebuild, is one row (read it grouped by agent).
--
-- Retention: register.keep after admission, five years unless set (the statement that a start makes, when it is another); parts
-- are of years, and rows are taken out as parts are merged. A reader asks for a horizon besides.
CREATE TABLE IF NOT EXISTS acknowledgements ON CLUSTER `une-grappe`
(
    content   String CODEC(ZSTD),
    agent     String CODEC(ZSTD),
    identity  UInt64,
    time      DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    admitted  DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    title     LowCardinality(String),
    digest    LowCardinality(String),
    revised   DateTime64(3, 'UTC'),
    deadline  DateTime64(3, 'UTC'),
    perimeter LowCardinality(String),
    witness   LowCardinality(String),
    label     LowCardinality(String),
    partition UInt16,
    offset    Int64 CODEC(Delta, ZSTD)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/fil/une-grappe/{database}/{table}', '{replica}')
PARTITION BY toYear(admitted)
ORDER BY (content, agent, identity)
TTL toDateTime(admitted) + INTERVAL 1826 DAY DELETE WHERE content != ''
