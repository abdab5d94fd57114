-- As by_period.sql, cut by the value of an attribute, and by period when one is asked for. An agent with several values
-- counts in the row of each; one with none, or no longer in the directory, in the row of the empty value. Of an organisation's
-- path the first two levels count, and of a date its year: package audiences groups those aimed at in the same way.
--
-- Cost: besides that of by_period.sql, the directory's entries of the agents in scope, found by its sort key, are held in a
-- hash table: the join comes after each agent's facts have become one row a kind.
SELECT true AS cut, value, period, toString(kind) AS kind, sum(events) AS events, count() AS agents,
    ifNotFinite(quantileExactInclusiveIf(0.5)(seconds, kind = 'dwell'), 0) AS dwell
FROM
(
    SELECT agent, kind, period, events, seconds, arrayJoin(if(empty(held), [''], held)) AS value
    FROM
    (
        SELECT agent, kind,
            if({every:String} = '', '', toString(toDate32(dateTrunc(if({every:String} = '', 'day', {every:String}), time, {zone:String})))) AS period,
            count() AS events, sum(toFloat64(dwell)) AS seconds
        FROM facts
        WHERE ({content:String} = '' OR content = {content:String})
            AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        GROUP BY agent, kind, period
    ) AS acts
    LEFT ANY JOIN
    (
        SELECT agent, multiIf(removed, [], {by:String} = 'org', [arrayStringConcat(arraySlice(splitByChar('/', org), 1, 2), '/')], {by:String} = 'site', [toString(site)],
            {years:Bool}, arrayMap(date -> substring(date, 1, 4), attributes[{by:String}]), attributes[{by:String}]) AS held
        FROM directory FINAL
        WHERE agent IN
        (
            SELECT agent
            FROM facts
            WHERE ({content:String} = '' OR content = {content:String})
                AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        )
    ) AS entries USING (agent)
)
GROUP BY value, period, kind
