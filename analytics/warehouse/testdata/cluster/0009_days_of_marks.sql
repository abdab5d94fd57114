-- Keeps days up to marks. It sees each insert once, and OR makes a second time harmless.
CREATE MATERIALIZED VIEW IF NOT EXISTS days_of_marks ON CLUSTER `une-grappe` TO days AS
SELECT day, kind, block, groupBitOr(mask) AS mask FROM marks GROUP BY day, kind, block
