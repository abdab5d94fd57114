-- Ce que Grafana peut voir des faits, et rien d'autre. À passer une fois sur la base de Fil, par un administrateur :
--     clickhouse-client --database fil --multiquery < reach.sql
-- puis donner à Grafana un compte qui ne lit que la vue (mot de passe à changer) :
--     CREATE USER grafana IDENTIFIED BY '…' SETTINGS readonly = 1;
--     GRANT SELECT ON fil.reach_by_day TO grafana;
-- Qui lirait la table des faits passerait sous le seuil : ne donnez aucun droit sur elle, ni sur directory.
--
-- What Grafana may see of the facts, and nothing else. Run it once on Fil's database as an administrator, then give Grafana
-- an account that reads the view alone, as above. Whoever reads the table of facts goes under the threshold: grant nothing
-- on it, nor on directory.
--
-- No figure about fewer than ten agents (raise the number with privacy.threshold), and no day that is not over, so that two
-- looks at one day cannot be subtracted. No breakdown by content, entity or site either: those are for Fil's own reports,
-- whose guard keeps sums from giving away what single figures withhold.
CREATE OR REPLACE VIEW reach_by_day
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    toDate(time, 'Europe/Paris') AS day,
    kind,
    uniq(agent) AS agents,
    count() AS engagements
FROM facts
WHERE kind IN ('impression', 'open', 'read') AND toDate(time, 'Europe/Paris') < toDate(now(), 'Europe/Paris')
GROUP BY day, kind
HAVING uniq(agent) >= 10
