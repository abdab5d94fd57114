-- What the agents of each arm did, as sums over agents: days since each was first seen, and of each outcome its sum, its
-- square, its product with the days, and the agents who have any. An agent who was in an arm before they were in none, as after
-- the end of it, counts in that arm alone. With one arm only, everyone else is in none.
--
-- Cost: 20 bytes a fact of the span. Memory: for each agent of it the digests of the contents that they dealt with, and of days.
WITH by_agent AS
(
    SELECT agent, if({only:String} = '', toString(arm), if(arm = {only:String}, {only:String}, '')) AS label,
        toFloat64(dateDiff('day', toDate(min(time), {zone:String}), toDate(fromUnixTimestamp64Milli({to:Int64} - 1, 'UTC'), {zone:String})) + 1) AS days,
        toFloat64(uniqExactIf(content, kind = 'read')) AS reads,
        toFloat64(uniqExactIf(content, kind = 'acknowledge')) AS acknowledgements,
        toFloat64(uniqExactIf(content, kind = 'dismiss')) AS dismissals,
        toFloat64(uniqExact(toDate(time, {zone:String}))) AS visits
    FROM facts
    WHERE time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    GROUP BY agent, label
),
dealt AS (SELECT *, max(label) OVER (PARTITION BY agent) AS mine FROM by_agent)
SELECT label, count() AS agents, sum(days) AS all_days, sum(days * days) AS day_squares,
    [sum(reads), sum(acknowledgements), sum(dismissals), sum(visits)] AS sums,
    [sum(reads * reads), sum(acknowledgements * acknowledgements), sum(dismissals * dismissals), sum(visits * visits)] AS squares,
    [sum(reads * days), sum(acknowledgements * days), sum(dismissals * days), sum(visits * days)] AS crosses,
    [countIf(reads > 0), countIf(acknowledgements > 0), countIf(dismissals > 0), countIf(visits > 0)] AS doers
FROM dealt
WHERE label = mine
GROUP BY label
