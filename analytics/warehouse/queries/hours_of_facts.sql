-- Counts facts again by hour of the week, as marks_of_facts.sql does by day.
INSERT INTO hours (month, kind, slot, block, mask)
SELECT toDate32(toStartOfMonth(toDate32(local))) AS month, kind, toUInt8((toDayOfWeek(local) - 1) * 24 + toHour(local)) AS slot, block,
    groupBitOr(bitShiftLeft(toUInt64(1), bit)) AS mask
FROM (SELECT toTimeZone(time, {zone:String}) AS local, kind, agent FROM facts WHERE toYYYYMM(admitted) = {month:UInt32} AND kind IN {hourly:Array(String)}) AS f
INNER JOIN (SELECT agent, block, bit FROM seats FINAL WHERE first >= {since:UInt64}) AS seated USING (agent)
GROUP BY month, kind, slot, block
