-- As those of marks.
ALTER TABLE shown ON CLUSTER `une-grappe` MODIFY COLUMN content LowCardinality(String) CODEC(ZSTD)
