-- As those of marks.
ALTER TABLE shown{{onCluster}} MODIFY COLUMN content LowCardinality(String) CODEC(ZSTD)
