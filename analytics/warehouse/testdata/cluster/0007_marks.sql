-- Who did what with a content on a day, a bit for each agent of a block. Masks are put together by OR, so a fact that is
-- counted twice, by a second delivery, a rebuild or a late seat, is counted once: no token is needed.
--
-- Sort key: a report on a content reads that content's rows alone. Days are those of the house's zone, on which acts took
-- place; parts are of years, since an import brings many days at once.
--
-- Retention: as facts, but by the day of the act, since a row has no other.
CREATE TABLE IF NOT EXISTS marks ON CLUSTER `une-grappe`
(
    day     Date32,
    content String CODEC(ZSTD),
    kind    LowCardinality(String),
    block   UInt32,
    mask    SimpleAggregateFunction(groupBitOr, UInt64)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/fil/une-grappe/{database}/{table}', '{replica}')
PARTITION BY toYear(day)
ORDER BY (content, kind, block, day)
TTL toDate(day) + INTERVAL 25 MONTH DELETE
