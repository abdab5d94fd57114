-- A content is dealt with in the days after it came out, so the days of neighbours in the sort order are close: a question
-- about many contents in a month passes over the rest of their lives. Parts of before have it once they are merged.
ALTER TABLE marks ON CLUSTER `une-grappe` ADD INDEX IF NOT EXISTS by_day day TYPE minmax GRANULARITY 1
