SELECT content, '' AS agent, max(time) AS last, argMax(title, time), argMax(digest, time), argMax(revised, time), argMax(deadline, time),
    argMax(perimeter, time), argMax(witness, time), argMax(label, time)
FROM acknowledgements
WHERE content != '' AND deadline > fromUnixTimestamp64Milli(0, 'UTC') AND admitted >= fromUnixTimestamp64Milli({horizon:Int64}, 'UTC')
GROUP BY content
ORDER BY content
