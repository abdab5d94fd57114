-- Who was shown something, opened or read on a weekday (0: Monday) of a month, a column for each hour, a bit for each agent.
--
-- Sort key and retention: as months.
CREATE TABLE IF NOT EXISTS weekdays
(
    month   Date32,
    kind    LowCardinality(String),
    weekday UInt8,
    block   UInt32,
    h0 SimpleAggregateFunction(groupBitOr, UInt64), h1 SimpleAggregateFunction(groupBitOr, UInt64), h2 SimpleAggregateFunction(groupBitOr, UInt64), h3 SimpleAggregateFunction(groupBitOr, UInt64), h4 SimpleAggregateFunction(groupBitOr, UInt64), h5 SimpleAggregateFunction(groupBitOr, UInt64), h6 SimpleAggregateFunction(groupBitOr, UInt64), h7 SimpleAggregateFunction(groupBitOr, UInt64), h8 SimpleAggregateFunction(groupBitOr, UInt64), h9 SimpleAggregateFunction(groupBitOr, UInt64), h10 SimpleAggregateFunction(groupBitOr, UInt64), h11 SimpleAggregateFunction(groupBitOr, UInt64), h12 SimpleAggregateFunction(groupBitOr, UInt64), h13 SimpleAggregateFunction(groupBitOr, UInt64), h14 SimpleAggregateFunction(groupBitOr, UInt64), h15 SimpleAggregateFunction(groupBitOr, UInt64), h16 SimpleAggregateFunction(groupBitOr, UInt64), h17 SimpleAggregateFunction(groupBitOr, UInt64), h18 SimpleAggregateFunction(groupBitOr, UInt64), h19 SimpleAggregateFunction(groupBitOr, UInt64), h20 SimpleAggregateFunction(groupBitOr, UInt64), h21 SimpleAggregateFunction(groupBitOr, UInt64), h22 SimpleAggregateFunction(groupBitOr, UInt64), h23 SimpleAggregateFunction(groupBitOr, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(month)
ORDER BY (month, kind, weekday, block)
TTL toDate(month) + INTERVAL 25 MONTH DELETE
