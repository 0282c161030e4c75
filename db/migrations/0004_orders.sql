-- Orders, what dispatch knows of a job beside its status, and what may go wrong with it.

ALTER TABLE jobs
    ADD COLUMN source text NOT NULL DEFAULT 'api'
        CHECK (source IN ('api', 'checkout', 'import', 'appointment', 'demo')),
    ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}',                              -- tracker.jobs.metadata.Metadata
    ADD COLUMN labour_minutes integer CHECK (labour_minutes >= 0),                -- from started_at to finished_at
    ADD COLUMN promised_arrival_at timestamptz,                                   -- what the customer was told on the way
    ADD COLUMN paid_at timestamptz;

CREATE INDEX jobs_by_window ON jobs (pro_id, window_start)
    WHERE window_start IS NOT NULL AND status IN ('accepted', 'scheduled', 'en_route', 'arrived', 'in_progress');
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_created ON jobs (created_at);

-- An order that waits for its payment, or has become a job. The reference is the shop's own.
CREATE TABLE orders (
    reference   text PRIMARY KEY CHECK (length(reference) BETWEEN 1 AND 128),
    body        jsonb NOT NULL,                                                   -- tracker.jobs.orders.Order
    source      text NOT NULL CHECK (source IN ('checkout', 'import')),
    job_id      uuid UNIQUE REFERENCES jobs (id),                                 -- one job per order
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE pain_flags (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id           uuid NOT NULL REFERENCES jobs (id),
    type             text NOT NULL CHECK (type IN (
                         'WIRE_MANAGEMENT_UNKNOWN', 'WALL_TYPE_UNKNOWN', 'ORDERING_AMBIGUOUS', 'SCHEDULE_CONFLICT',
                         'ACCESS_DETAILS_MISSING', 'TEAM_REQUIRED_UNCONFIRMED', 'SCOPE_MISMATCH',
                         'CUSTOMER_EXPECTATION_RISK')),
    severity         text NOT NULL CHECK (severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
    by_rule          boolean NOT NULL,                                            -- added by evaluation, not by a person
    note             text CHECK (length(note) <= 1000),
    created_by       text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    resolved_at      timestamptz,
    resolved_by      text,                                                        -- null: by rule
    resolution_notes text CHECK (length(resolution_notes) <= 1000),
    CONSTRAINT a_resolution_is_whole CHECK (resolved_at IS NOT NULL OR (resolved_by IS NULL AND resolution_notes IS NULL))
);
-- What is open already is not opened again.
CREATE UNIQUE INDEX pain_flags_open_once ON pain_flags (job_id, type) WHERE resolved_at IS NULL;
CREATE INDEX pain_flags_of_job ON pain_flags (job_id);
