-- As totals.sql, cut by period. Memory: one set of agents a kind and period.
SELECT true AS cut, '' AS value, toString(first_day) AS period, toString(kind) AS kind, count() AS events, uniqExact(agent) AS agents, 0. AS dwell
FROM scope
GROUP BY first_day, kind
UNION ALL
SELECT true, '', toString(first_day), 'dwell', 0, 0, quantileExactInclusive(0.5)(seconds)
FROM (SELECT first_day, sum(toFloat64(dwell)) AS seconds FROM scope WHERE kind = 'dwell' GROUP BY agent, first_day)
GROUP BY first_day
