CREATE TABLE IF NOT EXISTS migrations
(number UInt32, name String, applied DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY number