-- Which of two lists woven into one each agent preferred on each day: the one of whose contents they opened or read more.
SELECT uniqExact(agent) AS agents, countIf(one > other) AS for_one, countIf(other > one) AS for_other, countIf(one = other) AS ties
FROM
(
    SELECT agent, toDate(time, 'UTC') AS day, uniqExactIf(content, arm = {one:String}) AS one, uniqExactIf(content, arm = {other:String}) AS other
    FROM facts
    WHERE time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
        AND kind IN ('open', 'read', 'dwell', 'click') AND arm IN ({one:String}, {other:String})
    GROUP BY agent, day
)
