-- Who did what in a month, whatever the content: a row for each block, kind and month, a column for each day, a bit for each
-- agent, and one for the whole month. A question reads the columns of its days alone, and has the agents of any time by OR of
-- columns, their days by counting bits: it grows with agents and months, not with days nor with facts.
--
-- Sort key: a question reads its months alone, each whole.
--
-- Granules are of 1,024 rows, and compressed apart: days of reading take all columns of one kind in a month, which 200,000 agents have 4,000 rows of.
--
-- Retention: a month goes 25 months after its first day, whole.
CREATE TABLE IF NOT EXISTS months{{onCluster}}
(
    month Date32,
    kind  LowCardinality(String),
    block UInt32,
    whole SimpleAggregateFunction(groupBitOr, UInt64),
    {{each 1 31 "d%d SimpleAggregateFunction(groupBitOr, UInt64)"}}
)
ENGINE = {{engine "AggregatingMergeTree"}}
PARTITION BY toYear(month)
ORDER BY (month, kind, block)
TTL toDate(month) + INTERVAL 25 MONTH DELETE
SETTINGS index_granularity = 1024, min_compress_block_size = 8192
