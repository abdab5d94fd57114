-- As totals.sql, cut by period; memory for each distinct (agent, kind, period).
SELECT true AS cut, '' AS value, period, toString(kind) AS kind, sum(events) AS events, count() AS agents,
    ifNotFinite(quantileExactInclusiveIf(0.5)(seconds, kind = 'dwell'), 0) AS dwell
FROM
(
    SELECT agent, kind, toString(toDate32(dateTrunc({every:String}, time, {zone:String}))) AS period,
        count() AS events, sum(toFloat64(dwell)) AS seconds
    FROM facts
    WHERE ({content:String} = '' OR content = {content:String})
        AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    GROUP BY agent, kind, period
)
GROUP BY period, kind
