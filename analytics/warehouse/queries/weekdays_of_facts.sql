-- Counts facts again by weekday and hour, as marks_of_facts.sql does by day.
INSERT INTO weekdays (month, kind, weekday, block, %[1]s)
SELECT toDate32(toStartOfMonth(toDate32(local))) AS month, kind, toUInt8(toDayOfWeek(local) - 1) AS weekday, block, %[2]s
FROM
(
    SELECT local, kind, block, bitShiftLeft(toUInt64(1), bit) AS mask, toHour(local) AS hour
    FROM (SELECT toTimeZone(time, {zone:String}) AS local, kind, agent FROM facts WHERE toYYYYMM(admitted) = {month:UInt32} AND agent %% {shares:UInt64} = {share:UInt64} AND kind IN {hourly:Array(String)}) AS f
    INNER JOIN (SELECT agent, block, bit FROM seats FINAL WHERE first >= {since:UInt64}) AS seated USING (agent)
)
GROUP BY month, kind, weekday, block
