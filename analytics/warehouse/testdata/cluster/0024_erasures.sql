-- What agents asked to be forgotten: what they did before an offset of their partition. Of several rows of one agent the
-- greatest version holds (read it with FINAL): the time of the wish in microseconds, and one more once it is done. It stays then, so that a rebuild does not bring
-- back what the log still tells, and goes when facts of that time would.
--
-- seated says that the agent's seat is still to be given up: one that they are given later is not.
CREATE TABLE IF NOT EXISTS erasures ON CLUSTER `une-grappe`
(
    agent     UInt64,
    partition UInt16,
    offset    Int64,
    admitted  DateTime64(3, 'UTC'),
    done      Bool,
    seated    Bool,
    version   UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/fil/une-grappe/{database}/{table}', '{replica}', version)
ORDER BY agent
TTL toDateTime(admitted) + INTERVAL 25 MONTH DELETE
