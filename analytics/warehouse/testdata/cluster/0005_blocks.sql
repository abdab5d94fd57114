-- Groups of 20 to 64 agents whom no dashboard tells apart, with what all of them have in common. A block is never cut, and
-- its seats are never given twice; the greatest version holds (read it with FINAL).
--
-- Sort key: a question joins all blocks that it met; there are one for some 48 agents.
CREATE TABLE IF NOT EXISTS blocks ON CLUSTER `une-grappe`
(
    block   UInt32,
    seats   UInt8,
    labels  Map(LowCardinality(String), String) CODEC(ZSTD),
    version UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/fil/une-grappe/{database}/{table}', '{replica}', version)
ORDER BY block
