-- Writes a change of one partition's popularity, if nobody wrote it since it was read. It never expires: it is the mark
-- that the partition's effects are stored.
-- KEYS[1] counts "pop:{partition}", KEYS[2] habits "hab:{partition}" (same hash slot)
-- ARGV[1] the first bytes that the counts must have ("" : they must not be there), ARGV[2] how many bytes those are at most
-- ARGV[3] "1" : what follows takes the place of everything, "0" : it is written over what is there
-- ARGV[4] how many pieces of the counts follow: position and bytes, position and bytes, and so on
-- then fields of the habits and their bytes ("" : the field is taken away)
-- Answers 1 if written, 0 if the popularity is no longer the one that was read.
if redis.call('GETRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1) ~= ARGV[1] then
  return 0
end
if ARGV[3] == '1' then
  redis.call('DEL', KEYS[1], KEYS[2])
end
local habits = 5 + 2 * tonumber(ARGV[4])
for i = 5, habits - 1, 2 do
  redis.call('SETRANGE', KEYS[1], ARGV[i], ARGV[i + 1])
end
for i = habits, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  else
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  end
end
return 1
