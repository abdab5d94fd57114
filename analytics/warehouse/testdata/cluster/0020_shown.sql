-- Who was shown what in a week (from its Monday), whatever the day: what communication pressure reads, half as long as marks and
-- put together already.
--
-- Sort key: a question reads its weeks alone, each whole.
--
-- Retention: as months, by the week's first day.
CREATE TABLE IF NOT EXISTS shown ON CLUSTER `une-grappe`
(
    week    Date32,
    content String CODEC(ZSTD),
    block   UInt32,
    mask    SimpleAggregateFunction(groupBitOr, UInt64)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/fil/une-grappe/{database}/{table}', '{replica}')
PARTITION BY toYear(week)
ORDER BY (week, content, block)
TTL toDate(week) + INTERVAL 25 MONTH DELETE
