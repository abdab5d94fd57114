DROP TABLE IF EXISTS days{{onCluster}} SYNC
