SELECT content, agent, min(time) AS first, argMin(title, time), argMin(digest, time), argMin(revised, time), argMin(deadline, time),
    argMin(perimeter, time), argMin(witness, time), argMin(label, time)
FROM acknowledgements
WHERE content = {content:String} AND agent > {after:String}
    AND time >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND admitted >= fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
GROUP BY content, agent
ORDER BY content, agent
LIMIT {limit:UInt32}
SETTINGS optimize_aggregation_in_order = 1
