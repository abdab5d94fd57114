-- Puts a question at the end of a caller's questions, unless there are too many, and reads those from a place on.
-- KEYS[1] the caller's questions "q:{caller}"
-- ARGV[1] the question, ARGV[2] how many questions the asker knows, ARGV[3] most questions kept, ARGV[4] milliseconds that
-- they are kept after the last one
-- Answers {1 if the question was put there, else 0; the place of the first question given; the questions}. An asker who
-- knows more than there are is given all.
local n, put = redis.call('LLEN', KEYS[1]), 0
if n < tonumber(ARGV[3]) then
  n, put = redis.call('RPUSH', KEYS[1], ARGV[1]), 1
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
local from = tonumber(ARGV[2])
if from > n - put then
  from = 0
end
return {put, from, redis.call('LRANGE', KEYS[1], from, -1)}
