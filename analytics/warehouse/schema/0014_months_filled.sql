-- Fills months with the marks of before. The view that keeps them is there already, so nothing is missed, and what both count
-- counts once.
INSERT INTO months (month, kind, block, whole, {{each 1 31 "d%d"}})
SELECT toDate32(toStartOfMonth(day)) AS month, kind, block, groupBitOr(mask) AS whole, {{each 1 31 "groupBitOr(if(toDayOfMonth(day) = %[1]d, mask, 0)) AS d%[1]d"}}
FROM marks
GROUP BY month, kind, block
SETTINGS max_partitions_per_insert_block = 0
