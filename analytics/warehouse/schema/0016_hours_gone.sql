-- Of before weekdays, which are counted anew from facts by a rebuild.
DROP TABLE IF EXISTS hours{{onCluster}} SYNC
