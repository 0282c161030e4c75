-- What the figures by day are read by; without these they read every job, message and review there ever was.

CREATE INDEX jobs_accepted ON jobs (accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX jobs_arrived ON jobs (arrived_at) WHERE arrived_at IS NOT NULL;
CREATE INDEX jobs_cancelled ON jobs (cancelled_at) WHERE cancelled_at IS NOT NULL;
CREATE INDEX deliveries_due ON deliveries (send_after);
CREATE INDEX reviews_written ON reviews (created_at);
-- What is owed to all pros is one sum; the entries never change, so the index alone answers it.
CREATE INDEX ledger_entries_owed ON ledger_entries (account) INCLUDE (amount_cents) WHERE account = 'pro_payable';
