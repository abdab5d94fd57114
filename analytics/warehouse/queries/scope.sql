-- The facts that a question is about; each part of the answer reads the columns that it needs of them. Reading costs 15
-- bytes a fact in scope: for one content by the sort key, for a span of all contents by the index by_time.
WITH scope AS
(
    SELECT agent, kind, dwell,
        if({every:String} = '', toDate32('1970-01-01'), toDate32(dateTrunc(if({every:String} = '', 'day', {every:String}), time, {zone:String}))) AS first_day
    FROM facts
    WHERE (%s)
        AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
)
