-- Counts facts again for dashboards. OR makes it harmless to count what is counted.
INSERT INTO marks (day, content, kind, block, mask)
SELECT toDate32(toTimeZone(time, {zone:String})) AS day, content, one AS kind, block, groupBitOr(bitShiftLeft(toUInt64(1), bit)) AS mask
FROM facts
INNER JOIN (SELECT agent, block, bit FROM seats FINAL WHERE first >= {since:UInt64}) AS seated USING (agent)
ARRAY JOIN arrayFilter(one -> one != '', [if(has({marked:Array(String)}, toString(facts.kind)), toString(facts.kind), ''),
    if(has({acts:Array(String)}, toString(facts.kind)), 'acted', '')]) AS one
WHERE toYYYYMM(admitted) = {month:UInt32} AND agent % {shares:UInt64} = {share:UInt64}
GROUP BY day, content, one, block
