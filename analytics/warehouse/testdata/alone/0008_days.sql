-- As marks, of all contents together: what an overview of the house reads. There is a row for each block, kind and day, so
-- it grows with agents and days, not with facts.
--
-- Sort key: a question about a time reads its days alone.
CREATE TABLE IF NOT EXISTS days
(
    day   Date32,
    kind  LowCardinality(String),
    block UInt32,
    mask  SimpleAggregateFunction(groupBitOr, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(day)
ORDER BY (day, kind, block)
TTL toDate(day) + INTERVAL 25 MONTH DELETE
