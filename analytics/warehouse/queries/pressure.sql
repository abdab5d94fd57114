-- Who was shown what, week by week: each content, and any (the empty one). Groups are those of cells.sql, made from all
-- contents of the time together, so that a content that few were shown is counted among many agents or not at all.
WITH
met AS
(
    SELECT block, content, day, groupBitOr(mask) AS who
    FROM marks
    WHERE (%s) AND kind = 'impression' AND day >= toDate32({from:String}) AND day < toDate32({to:String})
    GROUP BY block, content, day
),
placed AS
(
    SELECT block,
        multiIf(reached >= {threshold:UInt64}, toString(block), home_reached >= {threshold:UInt64}, concat('in ', home), 'rest') AS cell,
        cell = 'rest' AND sumIf(reached, reached < {threshold:UInt64} AND home_reached < {threshold:UInt64}) OVER () < {threshold:UInt64} AS dropped
    FROM
    (
        SELECT block, reached, labels['org'] AS home, sumIf(reached, reached < {threshold:UInt64}) OVER (PARTITION BY labels['org']) AS home_reached
        FROM (SELECT block, bitCount(groupBitOr(who)) AS reached FROM met GROUP BY block) AS r
        INNER JOIN (SELECT block, labels FROM blocks FINAL) AS b USING (block)
    )
),
counted AS
(
    SELECT cell, content, week, sum(bitCount(who)) AS n, groupBitXor(cityHash64({key:UInt64}, block)) AS blocks
    FROM
    (
        SELECT block, one AS content, toString(toDate32(toMonday(day))) AS week, groupBitOr(who) AS who
        FROM met ARRAY JOIN ['', met.content] AS one
        GROUP BY block, content, week
    ) AS m
    INNER JOIN placed USING (block)
    WHERE NOT dropped
    GROUP BY cell, content, week
)
SELECT content AS value, week AS period, 'impression' AS kind,
    toUInt64(sum(n - n %% {round:UInt64} + if(cityHash64(blocks, n) %% {round:UInt64} < n %% {round:UInt64}, {round:UInt64}, 0))) AS agents, toUInt64(0) AS days, count() AS groups
FROM counted
GROUP BY value, period
ORDER BY period, value
LIMIT {limit:UInt64}
