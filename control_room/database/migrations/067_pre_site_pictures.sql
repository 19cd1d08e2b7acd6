-- Whether a file of the store is one of a look at a site is asked whenever one is removed.
CREATE INDEX site_visits_by_before ON site_visits (before_sha256) WHERE before_sha256 IS NOT NULL;
CREATE INDEX site_visits_by_after ON site_visits (after_sha256) WHERE after_sha256 IS NOT NULL;
