-- In which hours of the week (0: Monday, midnight to one) agents were shown something, opened and read, month by month.
--
-- Sort key: a question reads its months alone.
CREATE TABLE IF NOT EXISTS hours
(
    month Date32,
    kind  LowCardinality(String),
    slot  UInt8,
    block UInt32,
    mask  SimpleAggregateFunction(groupBitOr, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(month)
ORDER BY (month, kind, slot, block)
TTL toDate(month) + INTERVAL 25 MONTH DELETE
