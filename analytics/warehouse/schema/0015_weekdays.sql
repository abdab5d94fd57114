-- Who was shown something, opened or read on a weekday (0: Monday) of a month, a column for each hour, a bit for each agent.
--
-- Sort key and retention: as months.
CREATE TABLE IF NOT EXISTS weekdays{{onCluster}}
(
    month   Date32,
    kind    LowCardinality(String),
    weekday UInt8,
    block   UInt32,
    {{each 0 23 "h%d SimpleAggregateFunction(groupBitOr, UInt64)"}}
)
ENGINE = {{engine "AggregatingMergeTree"}}
PARTITION BY toYear(month)
ORDER BY (month, kind, weekday, block)
TTL toDate(month) + INTERVAL 25 MONTH DELETE
