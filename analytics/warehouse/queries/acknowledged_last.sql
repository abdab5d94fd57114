SELECT content, agent, time, title, digest, revised, deadline, perimeter, witness, label
FROM acknowledgements
WHERE content = {content:String} AND agent = {agent:String} AND admitted >= fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
ORDER BY time DESC, identity
LIMIT 1
