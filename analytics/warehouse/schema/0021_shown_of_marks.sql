-- Keeps shown up to marks. It sees each insert once, and OR makes a second time harmless.
CREATE MATERIALIZED VIEW IF NOT EXISTS shown_of_marks{{onCluster}} TO shown AS
SELECT toDate32(toMonday(day)) AS week, content, block, groupBitOr(mask) AS mask
FROM marks
WHERE kind = 'impression'
GROUP BY week, content, block
