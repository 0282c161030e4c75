-- Effects that no job event caused: a message to send, a webhook to handle, a period's work.

-- A consequence of a job event names it by (job_id, version); any other by its subject, like a delivery's
-- number or the period `2026-W47`. Each exists once per effect.
ALTER TABLE outbox
    ALTER COLUMN job_id DROP NOT NULL,
    ALTER COLUMN version DROP NOT NULL,
    ADD COLUMN subject text CHECK (length(subject) BETWEEN 1 AND 200),
    ADD COLUMN queued_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN expires_at timestamptz,                                            -- too late to be of use
    ADD COLUMN expired_at timestamptz,                                            -- it was too late
    ADD COLUMN retried_by text,                                                   -- who gave a dead letter another try
    ADD CONSTRAINT outbox_subject_once UNIQUE (effect, subject),
    ADD CONSTRAINT outbox_has_one_cause CHECK (
        (job_id IS NULL) = (version IS NULL) AND (job_id IS NULL) <> (subject IS NULL));

-- A worker takes each kind's oldest by itself, so that a slow provider holds up its own kind only.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (effect, available_at)
    WHERE done_at IS NULL AND dead_at IS NULL AND expired_at IS NULL;
CREATE INDEX outbox_dead ON outbox (dead_at DESC) WHERE dead_at IS NOT NULL;
DROP INDEX outbox_unfinished;
-- What ended is forgotten; what no job event caused later, because its row keeps it from being queued again.
CREATE INDEX outbox_ended_of_jobs ON outbox ((coalesce(done_at, expired_at)))
    WHERE coalesce(done_at, expired_at) IS NOT NULL AND job_id IS NOT NULL;
CREATE INDEX outbox_ended_others ON outbox ((coalesce(done_at, expired_at)))
    WHERE coalesce(done_at, expired_at) IS NOT NULL AND job_id IS NULL;
