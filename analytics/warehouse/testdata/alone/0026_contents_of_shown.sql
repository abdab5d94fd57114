-- As those of marks.
ALTER TABLE shown MODIFY COLUMN content LowCardinality(String) CODEC(ZSTD)
