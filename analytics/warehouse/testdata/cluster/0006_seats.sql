-- Which bit of which block stands for an agent. It is the one link between an agent and what dashboards count: erasing an
-- agent removes it, and what they did stays as a bit that is nobody's.
--
-- first is when the agent was given a seat for the first time, in milliseconds since 1970, and 0 in the row of another seat:
-- what was done before is counted for the first one.
--
-- Sort key: an insert looks up the agents of its facts, some thousands of them.
CREATE TABLE IF NOT EXISTS seats ON CLUSTER `une-grappe`
(
    agent   UInt64,
    block   UInt32,
    bit     UInt8,
    entry   Int64,
    first   UInt64,
    version UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/fil/une-grappe/{database}/{table}', '{replica}', version)
ORDER BY agent
