-- Memory: one set of agents a kind, and the seconds of each agent who dwelt.
SELECT false AS cut, '' AS value, '' AS period, toString(kind) AS kind, count() AS events, uniqExact(agent) AS agents, 0. AS dwell
FROM scope
GROUP BY kind
UNION ALL
SELECT false, '', '', 'dwell', 0, 0, quantileExactInclusive(0.5)(seconds)
FROM (SELECT sum(toFloat64(dwell)) AS seconds FROM scope WHERE kind = 'dwell' GROUP BY agent)
HAVING count() > 0
