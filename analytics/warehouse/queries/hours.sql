-- Agents active in each hour of the week, summed over months. Groups are those of cells.sql, made from all hours together.
WITH
met AS
(
    SELECT block, kind, slot, month, groupBitOr(mask) AS who
    FROM hours
    WHERE month >= toDate32({from:String}) AND month < toDate32({to:String})
    GROUP BY block, kind, slot, month
),
placed AS
(
    SELECT block, labels,
        multiIf(reached >= {threshold:UInt64}, toString(block), home_reached >= {threshold:UInt64}, concat('in ', home), 'rest') AS cell,
        cell = 'rest' AND sumIf(reached, reached < {threshold:UInt64} AND home_reached < {threshold:UInt64}) OVER () < {threshold:UInt64} AS dropped
    FROM
    (
        SELECT block, reached, labels, labels['org'] AS home, sumIf(reached, reached < {threshold:UInt64}) OVER (PARTITION BY labels['org']) AS home_reached
        FROM (SELECT block, bitCount(groupBitOr(who)) AS reached FROM met GROUP BY block) AS r
        INNER JOIN (SELECT block, labels FROM blocks FINAL) AS b USING (block)
    )
),
counted AS
(
    SELECT cell, kind, slot, month, sum(bitCount(who)) AS n, groupBitXor(cityHash64({key:UInt64}, block)) AS blocks
    FROM met INNER JOIN placed USING (block)
    WHERE NOT dropped %s
    GROUP BY cell, kind, slot, month
)
SELECT toString(slot) AS value, '' AS period, toString(kind) AS kind,
    toUInt64(sum(n - n %% {round:UInt64} + if(cityHash64(blocks, n) %% {round:UInt64} < n %% {round:UInt64}, {round:UInt64}, 0))) AS agents, toUInt64(0) AS days, count() AS groups
FROM counted
GROUP BY value, kind
ORDER BY value, kind
LIMIT {limit:UInt64}
