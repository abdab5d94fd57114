-- What the directory says of each agent, by pseudonym; of several rows of one agent the one with the greatest version, the
-- offset in the log, holds (read it with FINAL).
--
-- Sort key: a report first finds the agents who did something, then looks these up here.
CREATE TABLE IF NOT EXISTS directory
(
    agent      UInt64,
    org        String CODEC(ZSTD),
    site       LowCardinality(String),
    attributes Map(LowCardinality(String), Array(String)) CODEC(ZSTD),
    removed    Bool,
    version    UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY agent
