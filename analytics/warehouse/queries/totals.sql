-- What agents did in scope. The inner query counts each agent once a kind, so that distinct agents are rows.
--
-- Cost: reads the facts in scope (15 bytes each), by the sort key for one content, by by_time for a span of all contents;
-- memory for each distinct (agent, kind).
SELECT false AS cut, '' AS value, '' AS period, toString(kind) AS kind, sum(events) AS events, count() AS agents,
    ifNotFinite(quantileExactInclusiveIf(0.5)(seconds, kind = 'dwell'), 0) AS dwell
FROM
(
    SELECT agent, kind, count() AS events, sum(toFloat64(dwell)) AS seconds
    FROM facts
    WHERE ({content:String} = '' OR content = {content:String})
        AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    GROUP BY agent, kind
)
GROUP BY kind
