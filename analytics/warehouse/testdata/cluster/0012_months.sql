-- Who did what in a month, whatever the content: a row for each block, kind and month, a column for each day, a bit for each
-- agent, and one for the whole month. A question reads the columns of its days alone, and has the agents of any time by OR of
-- columns, their days by counting bits: it grows with agents and months, not with days nor with facts.
--
-- Sort key: a question reads its months alone, each whole.
--
-- Granules are of 1,024 rows, and compressed apart: days of reading take all columns of one kind in a month, which 200,000 agents have 4,000 rows of.
--
-- Retention: a month goes 25 months after its first day, whole.
CREATE TABLE IF NOT EXISTS months ON CLUSTER `une-grappe`
(
    month Date32,
    kind  LowCardinality(String),
    block UInt32,
    whole SimpleAggregateFunction(groupBitOr, UInt64),
    d1 SimpleAggregateFunction(groupBitOr, UInt64), d2 SimpleAggregateFunction(groupBitOr, UInt64), d3 SimpleAggregateFunction(groupBitOr, UInt64), d4 SimpleAggregateFunction(groupBitOr, UInt64), d5 SimpleAggregateFunction(groupBitOr, UInt64), d6 SimpleAggregateFunction(groupBitOr, UInt64), d7 SimpleAggregateFunction(groupBitOr, UInt64), d8 SimpleAggregateFunction(groupBitOr, UInt64), d9 SimpleAggregateFunction(groupBitOr, UInt64), d10 SimpleAggregateFunction(groupBitOr, UInt64), d11 SimpleAggregateFunction(groupBitOr, UInt64), d12 SimpleAggregateFunction(groupBitOr, UInt64), d13 SimpleAggregateFunction(groupBitOr, UInt64), d14 SimpleAggregateFunction(groupBitOr, UInt64), d15 SimpleAggregateFunction(groupBitOr, UInt64), d16 SimpleAggregateFunction(groupBitOr, UInt64), d17 SimpleAggregateFunction(groupBitOr, UInt64), d18 SimpleAggregateFunction(groupBitOr, UInt64), d19 SimpleAggregateFunction(groupBitOr, UInt64), d20 SimpleAggregateFunction(groupBitOr, UInt64), d21 SimpleAggregateFunction(groupBitOr, UInt64), d22 SimpleAggregateFunction(groupBitOr, UInt64), d23 SimpleAggregateFunction(groupBitOr, UInt64), d24 SimpleAggregateFunction(groupBitOr, UInt64), d25 SimpleAggregateFunction(groupBitOr, UInt64), d26 SimpleAggregateFunction(groupBitOr, UInt64), d27 SimpleAggregateFunction(groupBitOr, UInt64), d28 SimpleAggregateFunction(groupBitOr, UInt64), d29 SimpleAggregateFunction(groupBitOr, UInt64), d30 SimpleAggregateFunction(groupBitOr, UInt64), d31 SimpleAggregateFunction(groupBitOr, UInt64)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/fil/une-grappe/{database}/{table}', '{replica}')
PARTITION BY toYear(month)
ORDER BY (month, kind, block)
TTL toDate(month) + INTERVAL 25 MONTH DELETE
SETTINGS index_granularity = 1024, min_compress_block_size = 8192
