-- How many agents did each thing, by groups that nobody tells apart. In this order:
--
--   met      the agents of each block who did something, day by day; OR, since parts may not be merged yet
--   placed   the group of each block: itself when enough of its agents were reached; else those of its organisation that
--            were not, together, if they are enough; else the rest, if it is enough; else none. It does not depend on what is
--            cut or filtered
--   counted  agents of each group and kind
--
-- and then each count is rounded, up or down by a keyed digest of the group and the count, and only now added up. Cost: a row read for each block, kind and
-- day in scope, 17 bytes; a hash table of blocks.
WITH
met AS
(
    SELECT block, kind, day, groupBitOr(mask) AS who
    FROM %s
    WHERE (%s) AND day >= toDate32({from:String}) AND day < toDate32({to:String})
    GROUP BY block, kind, day
),
placed AS
(
    SELECT block, labels,
        multiIf(reached >= {threshold:UInt64}, toString(block), home_reached >= {threshold:UInt64}, concat('in ', home), 'rest') AS cell,
        cell = 'rest' AND sumIf(reached, reached < {threshold:UInt64} AND home_reached < {threshold:UInt64}) OVER () < {threshold:UInt64} AS dropped,
        multiIf({by:String} = '', '', {by:String} = 'org' AND cell != 'rest', home, cell = toString(block), labels[{by:String}], '*') AS value
    FROM
    (
        SELECT block, reached, labels, labels['org'] AS home, sumIf(reached, reached < {threshold:UInt64}) OVER (PARTITION BY labels['org']) AS home_reached
        FROM (SELECT block, bitCount(groupBitOr(who)) AS reached FROM met GROUP BY block) AS r
        INNER JOIN (SELECT block, labels FROM blocks FINAL) AS b USING (block)
    )
),
counted AS
(
    SELECT cell, any(value) AS value, start, kind,
        sum(agents) AS n, sum(days) AS d, groupBitXor(cityHash64({key:UInt64}, block)) AS blocks
    FROM
    (
        SELECT block, kind, one AS start, groupBitOr(who) AS who, bitCount(who) AS agents,
            sum(bitCount(met.who)) AS days
        FROM met
        ARRAY JOIN if({every:String} = '', [toDate32('1900-01-01')],
            [toDate32('1900-01-01'), toDate32(dateTrunc(if({every:String} = '', 'day', {every:String}), day))]) AS one
        GROUP BY block, kind, start
    ) AS m
    INNER JOIN placed USING (block)
    WHERE NOT dropped %s
    GROUP BY cell, kind, start
)
SELECT value, if(start = toDate32('1900-01-01'), '', toString(start)) AS period, toString(kind) AS kind,
    toUInt64(sum(n - n %% {round:UInt64} + if(cityHash64(blocks, n) %% {round:UInt64} < n %% {round:UInt64}, {round:UInt64}, 0))) AS agents,
    toUInt64(sum(d - d %% {round:UInt64} + if(cityHash64(blocks, d) %% {round:UInt64} < d %% {round:UInt64}, {round:UInt64}, 0))) AS days,
    count() AS groups
FROM counted
GROUP BY value, start, kind
ORDER BY period, value, kind
LIMIT {limit:UInt64}
