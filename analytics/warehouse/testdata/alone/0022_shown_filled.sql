-- Fills shown with the marks of before, as 0014 does months.
INSERT INTO shown (week, content, block, mask)
SELECT toDate32(toMonday(day)) AS week, content, block, groupBitOr(mask) AS mask
FROM marks
WHERE kind = 'impression'
GROUP BY week, content, block
SETTINGS max_partitions_per_insert_block = 0
