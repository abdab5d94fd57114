-- Keeps months up to marks. It sees each insert once, and OR makes a second time harmless.
CREATE MATERIALIZED VIEW IF NOT EXISTS months_of_marks{{onCluster}} TO months AS
SELECT toDate32(toStartOfMonth(day)) AS month, kind, block, groupBitOr(mask) AS whole, {{each 1 31 "groupBitOr(if(toDayOfMonth(day) = %[1]d, mask, 0)) AS d%[1]d"}}
FROM marks
GROUP BY month, kind, block
