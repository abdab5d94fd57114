-- A year has some thousands of contents and marks by the million: read as numbers of a dictionary, contents take a tenth of the time. Parts
-- of before are read as they are until they are written again, which begins at once.
ALTER TABLE marks MODIFY COLUMN content LowCardinality(String) CODEC(ZSTD)
