-- The arm in which the agent was when they did it: of an experiment, after its name and a slash, or the hold-out; empty for
-- none. Facts are known by pseudonyms, and arms are dealt by a hash of the id, so it is written with the fact. Facts of a table
-- made before this column are in no arm. The statement that makes the table has the column too: a replica that is added later
-- must be made with the columns that the others have.
ALTER TABLE facts{{onCluster}} ADD COLUMN IF NOT EXISTS arm LowCardinality(String) AFTER offset
