-- Of before months, as days: first what fills it.
DROP TABLE IF EXISTS days_of_marks ON CLUSTER `une-grappe` SYNC
