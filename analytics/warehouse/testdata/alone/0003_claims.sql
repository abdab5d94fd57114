-- The mark that a recorder leaves for each partition of the log that it has begun to record. Where it is missing, what was
-- recorded is gone. The last one taken holds; time is the server's, so that recorders need not agree on theirs.
CREATE TABLE IF NOT EXISTS claims
(
    topic     LowCardinality(String),
    partition UInt16,
    since     Int64,
    owner     UInt64,
    taken     DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(taken)
ORDER BY (topic, partition)
