-- As by_period.sql, cut by the value of an attribute, and by period when one is asked for. An agent with several values
-- counts in the row of each; one with none, or no longer in the directory, in the row of the empty value. Of an organisation's
-- path the first two levels count, and of a date its year: package audiences groups those aimed at in the same way.
--
-- Cost: besides that of by_period.sql, a hash table of the directory's entries of the agents in scope, found by its sort
-- key, and a look-up in it for each fact.
SELECT true AS cut, ifNull(held, '') AS value, if({every:String} = '', '', toString(first_day)) AS period, toString(kind) AS kind,
    count() AS events, uniqExact(agent) AS agents, 0. AS dwell
FROM scope LEFT JOIN holders USING (agent)
GROUP BY held, first_day, kind
UNION ALL
SELECT true, ifNull(held, ''), if({every:String} = '', '', toString(first_day)), 'dwell', 0, 0, quantileExactInclusive(0.5)(seconds)
FROM
(
    SELECT agent, first_day, sum(toFloat64(dwell)) AS seconds FROM scope WHERE kind = 'dwell' GROUP BY agent, first_day
) AS dwelt LEFT JOIN holders USING (agent)
GROUP BY held, first_day
