-- The live path: people, skills, jobs and their events, tracking links, positions, outbox.
-- Every constraint that refuses what must never be carries its reason.

CREATE TABLE people (
    id            text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),          -- the JWT's `sub`
    role          text NOT NULL CHECK (role IN ('customer', 'pro', 'dispatcher', 'admin')),
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    phone         text CHECK (length(phone) <= 32),
    email         text CHECK (length(email) <= 254),
    on_duty       boolean NOT NULL DEFAULT false,                                 -- a pro who wants work now
    suspended_at  timestamptz,                                                    -- banned: every right is gone
    signed_out_at timestamptz,                                                    -- tokens issued before this are refused
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE skills (
    skill_no smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,                   -- chooses the feed lane (see jobs.lane)
    code     text NOT NULL UNIQUE CHECK (code ~ '^[a-z][a-z0-9_]{0,63}$'),
    name     text NOT NULL
);

CREATE TABLE pro_skills (
    pro_id   text NOT NULL REFERENCES people (id),
    skill_no smallint NOT NULL REFERENCES skills (skill_no),
    PRIMARY KEY (pro_id, skill_no)
);

CREATE TABLE jobs (
    id                  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    reference           text UNIQUE CHECK (length(reference) BETWEEN 1 AND 128),  -- the order: one job each
    customer_id         text NOT NULL REFERENCES people (id),
    pro_id              text REFERENCES people (id),
    status              text NOT NULL DEFAULT 'pending' CHECK (status IN (
                            'pending', 'pending_scheduling', 'open', 'accepted', 'scheduled',
                            'en_route', 'arrived', 'in_progress', 'completed', 'paid', 'cancelled')),
    version             bigint NOT NULL DEFAULT 0,                                -- number of the newest job event
    skill_no            smallint NOT NULL REFERENCES skills (skill_no),
    service             text NOT NULL CHECK (length(service) BETWEEN 1 AND 200),
    notes               text CHECK (length(notes) <= 4000),
    lat                 double precision NOT NULL CHECK (lat BETWEEN -90 AND 90), -- also refuses NaN
    lng                 double precision NOT NULL CHECK (lng BETWEEN -180 AND 180),
    address             text NOT NULL CHECK (length(address) BETWEEN 1 AND 300),
    approximate_address text NOT NULL CHECK (length(approximate_address) BETWEEN 1 AND 300),
    price_cents         bigint NOT NULL CHECK (price_cents BETWEEN 0 AND 100000000),
    final_price_cents   bigint CHECK (final_price_cents BETWEEN 0 AND 100000000),
    tip_cents           bigint NOT NULL DEFAULT 0 CHECK (tip_cents BETWEEN 0 AND 100000000),
    order_required      boolean NOT NULL DEFAULT false,
    order_stage         text NOT NULL DEFAULT 'NOT_NEEDED' CHECK (order_stage IN (
                            'NOT_NEEDED', 'PENDING_REVIEW', 'READY_TO_ORDER', 'ORDERED', 'SHIPPED', 'DELIVERED')),
    window_start        timestamptz,
    window_end          timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    opened_at           timestamptz,
    accepted_at         timestamptz,
    en_route_at         timestamptz,
    arrived_at          timestamptz,
    started_at          timestamptz,
    finished_at         timestamptz,
    cancelled_at        timestamptz,

    -- The job's place as an ellipsoidal Mercator point (metres; Snyder 1987, eq. 7-6 and 7-7 on WGS84),
    -- shifted sideways by its skill so that one GiST index filters by skill and orders by distance at once.
    lane                point GENERATED ALWAYS AS (point(
                            6378137 * radians(lng) + skill_no * 5e7,
                            6378137 * (atanh(sin(radians(greatest(-89.9, least(89.9, lat)))))
                              - 0.0818191908426215
                                * atanh(0.0818191908426215 * sin(radians(greatest(-89.9, least(89.9, lat)))))))) STORED,

    -- Work under way without anybody doing it, or an offer that somebody already has, must never be.
    CONSTRAINT work_under_way_has_a_pro CHECK (
        pro_id IS NOT NULL
        OR status NOT IN ('accepted', 'en_route', 'arrived', 'in_progress', 'completed', 'paid')),
    CONSTRAINT an_offer_has_no_pro CHECK (
        pro_id IS NULL OR status NOT IN ('pending', 'pending_scheduling', 'open')),
    CONSTRAINT a_window_has_two_ends CHECK (
        (window_start IS NULL) = (window_end IS NULL) AND window_start < window_end)
);

CREATE INDEX jobs_feed ON jobs USING gist (lane) WHERE status = 'open';
CREATE INDEX jobs_of_active_pro ON jobs (pro_id)
    WHERE status IN ('accepted', 'scheduled', 'en_route', 'arrived', 'in_progress');
CREATE INDEX jobs_of_customer ON jobs (customer_id, created_at DESC);
CREATE INDEX jobs_by_status ON jobs (status, created_at DESC);

CREATE TABLE job_events (
    job_id      uuid NOT NULL REFERENCES jobs (id),
    version     bigint NOT NULL CHECK (version >= 1),
    kind        text NOT NULL,                                                    -- 'created', 'status', …
    from_status text,
    to_status   text,
    actor_id    text NOT NULL,
    actor_role  text NOT NULL,
    occurred_at timestamptz NOT NULL,                                             -- the device's word for when
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),                   -- the server's
    data        jsonb NOT NULL DEFAULT '{}',
    prev_hash   bytea,
    hash        bytea NOT NULL,
    PRIMARY KEY (job_id, version)
);

-- One definition of an event's hash, used by the trigger that writes it and by `tracker verify`.
CREATE FUNCTION job_event_hash(e job_events) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(coalesce(e.prev_hash, ''::bytea) || convert_to(jsonb_build_array(
        e.job_id, e.version, e.kind, e.from_status, e.to_status, e.actor_id, e.actor_role,
        extract(epoch FROM e.occurred_at), extract(epoch FROM e.recorded_at), e.data)::text, 'UTF8'))
$$;

CREATE FUNCTION chain_job_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_hash bytea;
BEGIN
    SELECT hash INTO last_hash FROM job_events WHERE job_id = NEW.job_id AND version = NEW.version - 1;
    IF NEW.version > 1 AND last_hash IS NULL THEN
        RAISE EXCEPTION 'job event % of job % has no predecessor', NEW.version, NEW.job_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    NEW.prev_hash := last_hash;
    NEW.hash := job_event_hash(NEW);
    RETURN NEW;
END $$;

CREATE TRIGGER chain BEFORE INSERT ON job_events FOR EACH ROW EXECUTE FUNCTION chain_job_event();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON job_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON job_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Effects: consequences outside the database, written in the transaction that causes them.
CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id       uuid NOT NULL REFERENCES jobs (id),
    version      bigint NOT NULL,
    effect       text NOT NULL,
    available_at timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    done_at      timestamptz,
    dead_at      timestamptz,                                                     -- put aside; a person decides
    last_error   text,
    FOREIGN KEY (job_id, version) REFERENCES job_events (job_id, version),
    UNIQUE (job_id, version, effect)                                              -- a consequence exists once
);
CREATE INDEX outbox_waiting ON outbox (available_at) WHERE done_at IS NULL AND dead_at IS NULL;

-- The customer's link to one job: only its hash is kept, so a stolen backup opens nothing.
CREATE TABLE tracking_links (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id     uuid NOT NULL REFERENCES jobs (id),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,                                                       -- set when the job ends (grace period)
    revoked_at timestamptz
);
CREATE INDEX tracking_links_of_job ON tracking_links (job_id);

-- One row per (pro, job, device session); positions refer to it with 8 bytes instead of 100.
CREATE TABLE tracking_sessions (
    session_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pro_id     text NOT NULL REFERENCES people (id),
    job_id     uuid REFERENCES jobs (id),                                         -- null: on duty, between jobs
    device     text NOT NULL DEFAULT '' CHECK (length(device) <= 64),             -- the heartbeat's `session`
    started_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (pro_id, job_id, device)
);
CREATE INDEX tracking_sessions_of_job ON tracking_sessions (job_id) WHERE job_id IS NOT NULL;

-- The trail. Partitioned by the device's own time (unchanged on a retry), one partition a day;
-- retention drops partitions. The primary key is the duplicate check and the trail's index.
CREATE TABLE positions (
    recorded_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    session_no  bigint NOT NULL,
    seq         bigint NOT NULL,
    lat_e7      integer NOT NULL,                                                 -- degrees × 1e7
    lng_e7      integer NOT NULL,
    accuracy_m  smallint,                                                         -- rounded up
    speed_cm_s  smallint,
    heading_cdeg integer,                                                         -- degrees × 100
    battery_pct smallint,
    verdict     smallint NOT NULL,                                                -- tracker.positions.filters.Verdict
    CHECK (lat_e7 BETWEEN -900000000 AND 900000000),
    CHECK (lng_e7 BETWEEN -1800000000 AND 1800000000),
    PRIMARY KEY (session_no, seq, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- Newest good position of each pro. Half-empty pages and no index on what changes keep updates in place.
CREATE TABLE last_positions (
    pro_id      text PRIMARY KEY,
    session_no  bigint NOT NULL,
    seq         bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    lat_e7      integer NOT NULL,
    lng_e7      integer NOT NULL,
    accuracy_m  smallint,
    speed_cm_s  smallint,
    heading_cdeg integer,
    battery_pct smallint
) WITH (fillfactor = 50);
