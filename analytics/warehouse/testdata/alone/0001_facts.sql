-- One row for each identity of an engagement, never changed.
--
-- Sort key: a report on a content reads that content's rows alone, and a report over a time skips the granules whose times
-- (by_time) lie outside: a content is engaged with for days or weeks around its publication, so the times of neighbours in
-- this order are close. What it costs: a recorder that starts reads a partition of the log by column scan, 10 bytes a row.
--
-- Partitions follow the admission, not the engagement: an import of ten years of history is admitted in one day, so an
-- insert never touches more than two partitions, and retention drops whole parts without rewriting any.
--
-- Retention: 25 months after collection, as the French data protection authority (CNIL) allows for audience data.
--
-- Effect once: a batch carries a token, and the last 10,000 of them are remembered across restarts, by all replicas together.
CREATE TABLE IF NOT EXISTS facts
(
    time      DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    admitted  DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    kind      LowCardinality(String),
    content   String CODEC(ZSTD),
    agent     UInt64,
    dwell     Float32,
    identity  UInt64,
    partition UInt16,
    offset    Int64 CODEC(Delta, ZSTD),
    arm       LowCardinality(String),
    INDEX by_time time TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(admitted)
ORDER BY (content, time)
TTL toDateTime(admitted) + INTERVAL 25 MONTH DELETE
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1
