-- The agents in scope with each value that they hold of an attribute, none being the empty value.
, holders AS
(
    SELECT agent, arrayJoin(if(empty(held), [''], held)) AS held
    FROM
    (
        SELECT agent, multiIf(removed, [],
            {by:String} = 'org', [arrayStringConcat(arraySlice(splitByChar('/', org), 1, 2), '/')],
            {by:String} = 'site', [toString(site)],
            {years:Bool}, arrayMap(date -> substring(date, 1, 4), attributes[{by:String}]),
            attributes[{by:String}]) AS held
        FROM directory FINAL
        WHERE agent IN (SELECT agent FROM scope)
    )
)
