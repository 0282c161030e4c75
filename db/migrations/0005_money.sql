-- Money: what is held, taken and given back; what a provider was asked and said; the ledger; what pros are paid.

ALTER TABLE people
    ADD COLUMN payment_customer text CHECK (length(payment_customer) <= 128),     -- the provider's customer (cus_…)
    ADD COLUMN payment_method   text CHECK (length(payment_method) <= 128),       -- saved for tips and overage (pm_…)
    ADD COLUMN payout_account   text CHECK (length(payout_account) <= 128);       -- a pro's connected account (acct_…)

-- One payment intent. `authorized` may hold more than is captured, never less.
CREATE TABLE payments (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id           uuid NOT NULL REFERENCES jobs (id),
    purpose          text NOT NULL CHECK (purpose IN ('hold', 'overage', 'tip')),
    provider         text NOT NULL CHECK (provider IN ('stripe', 'sandbox')),
    status           text NOT NULL CHECK (status IN (
                         'asked',       -- we are asking the provider, or the customer has to act
                         'authorized',  -- money is held
                         'captured',    -- money is taken (all, or a part; the rest is let go)
                         'released',    -- the hold was let go
                         'failed')),    -- declined or expired; `problem` says why
    intent_id        text UNIQUE CHECK (length(intent_id) <= 128),
    checkout_id      text UNIQUE CHECK (length(checkout_id) <= 128),
    currency         text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    amount_cents     bigint NOT NULL CHECK (amount_cents BETWEEN 1 AND 200000000),         -- asked for: a price, and tips
    authorized_cents bigint NOT NULL DEFAULT 0 CHECK (authorized_cents >= 0),
    captured_cents   bigint NOT NULL DEFAULT 0 CHECK (captured_cents >= 0),
    tip_cents        bigint NOT NULL DEFAULT 0 CHECK (tip_cents BETWEEN 0 AND captured_cents), -- its share of what was captured
    earned_cents     bigint NOT NULL DEFAULT 0 CHECK (earned_cents BETWEEN 0 AND captured_cents), -- shared out; the rest is a deposit
    commission_bp    integer CHECK (commission_bp BETWEEN 0 AND 10000),           -- as it was when it was shared out
    refunded_cents   bigint NOT NULL DEFAULT 0 CHECK (refunded_cents >= 0),
    capture_before   timestamptz,
    dispute          text CHECK (dispute IN ('open', 'won', 'lost')),
    disputed_cents   bigint NOT NULL DEFAULT 0 CHECK (disputed_cents >= 0),
    problem          text CHECK (length(problem) <= 500),
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT never_more_than_was_authorized CHECK (captured_cents <= authorized_cents),
    CONSTRAINT never_back_more_than_was_taken CHECK (refunded_cents <= captured_cents)
);
CREATE INDEX payments_of_job ON payments (job_id);
CREATE INDEX payments_held ON payments (capture_before) WHERE status = 'authorized';
CREATE INDEX payments_asked ON payments (created_at) WHERE status = 'asked';
-- A job has at most one live hold and one overage: two bookings at once must not hold twice.
CREATE UNIQUE INDEX payments_one_live_hold ON payments (job_id, purpose)
    WHERE purpose <> 'tip' AND status NOT IN ('released', 'failed');

-- Every call that moves money, written before it is made: its idempotency key and its frozen parameters.
CREATE TABLE money_calls (
    key         text PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 200),           -- like job:…:capture:v1
    kind        text NOT NULL,
    params      jsonb NOT NULL,
    begun_at    timestamptz NOT NULL DEFAULT now(),
    tried_at    timestamptz,
    outcome     text CHECK (outcome IN ('done', 'refused')),                      -- null: not known yet
    object_id   text,                                                             -- what the provider made of it
    answer      jsonb,
    ended_at    timestamptz
);

CREATE TABLE refunds (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id   bigint NOT NULL REFERENCES payments (id),
    request_key  text NOT NULL UNIQUE CHECK (length(request_key) BETWEEN 1 AND 128), -- who asks twice gets one
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    requested_by text NOT NULL,
    status       text NOT NULL DEFAULT 'asked' CHECK (status IN ('asked', 'done', 'failed')),
    refund_id    text UNIQUE,                                                     -- the provider's (re_…)
    problem      text CHECK (length(problem) <= 500),
    created_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz
);
CREATE INDEX refunds_of_payment ON refunds (payment_id);

-- Double entry: signed cents, debits positive. Every transaction sums to zero and is never edited.
CREATE TABLE ledger_transactions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         text NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 200),       -- posted once, like payment:7:capture
    kind        text NOT NULL,
    job_id      uuid REFERENCES jobs (id),
    memo        text NOT NULL DEFAULT '' CHECK (length(memo) <= 300),
    posted_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_transactions_of_job ON ledger_transactions (job_id);
CREATE INDEX ledger_transactions_posted ON ledger_transactions (posted_at);

CREATE TABLE ledger_entries (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id bigint NOT NULL REFERENCES ledger_transactions (id),
    account        text NOT NULL CHECK (account IN (
                       'provider_balance',   -- asset: what Stripe holds for us
                       'pro_payable',        -- liability: what we owe a pro (or a pro owes us, when positive)
                       'platform_revenue',   -- income: our fee
                       'deposits',           -- liability: taken before the work was done; still the customer's
                       'disputed',           -- asset: taken from us while a dispute is open
                       'losses')),           -- expense: disputes lost and refunds that nobody else bears
    pro_id         text REFERENCES people (id),
    amount_cents   bigint NOT NULL CHECK (amount_cents <> 0),
    CONSTRAINT a_pro_where_one_is_owed CHECK ((account = 'pro_payable') = (pro_id IS NOT NULL))
);
CREATE INDEX ledger_entries_of_transaction ON ledger_entries (transaction_id);
CREATE INDEX ledger_entries_of_pro ON ledger_entries (pro_id, id) WHERE pro_id IS NOT NULL;

CREATE FUNCTION check_ledger_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject bigint := CASE TG_TABLE_NAME WHEN 'ledger_entries' THEN (to_jsonb(NEW)->>'transaction_id')::bigint
                                         ELSE (to_jsonb(NEW)->>'id')::bigint END;
    total numeric;
    legs bigint;
BEGIN
    SELECT coalesce(sum(amount_cents), 0), count(*) INTO total, legs FROM ledger_entries WHERE transaction_id = subject;
    IF total <> 0 OR legs < 2 THEN
        RAISE EXCEPTION 'ledger transaction % has % entries that sum to % cents', subject, legs, total
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger_transaction();
CREATE CONSTRAINT TRIGGER has_entries AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ledger_transaction();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_transactions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One transfer to one pro: the sum of the payouts it carries.
CREATE TABLE transfers (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pro_id       text NOT NULL REFERENCES people (id),
    provider     text NOT NULL CHECK (provider IN ('stripe', 'sandbox')),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    currency     text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    status       text NOT NULL DEFAULT 'asked' CHECK (status IN ('asked', 'paid', 'failed', 'reversed')),
    transfer_id  text UNIQUE,                                                     -- the provider's (tr_…)
    reversed_cents bigint NOT NULL DEFAULT 0,                                     -- taken back
    problem      text CHECK (length(problem) <= 500),
    run_key      text NOT NULL,                                                   -- the week or the button that made it
    created_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    CONSTRAINT never_back_more_than_was_sent CHECK (reversed_cents BETWEEN 0 AND amount_cents),
    UNIQUE (run_key, pro_id)
);

-- What a pro is owed, line by line: a job's share, a later tip, a correction (negative after a refund).
CREATE TABLE payouts (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pro_id       text NOT NULL REFERENCES people (id),
    job_id       uuid NOT NULL REFERENCES jobs (id),
    ledger_key   text NOT NULL UNIQUE REFERENCES ledger_transactions (key),       -- the posting it comes from: once
    kind         text NOT NULL CHECK (kind IN ('job', 'tip', 'overage', 'correction')),
    amount_cents bigint NOT NULL CHECK (amount_cents <> 0),
    status       text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'paid', 'failed')),
    held_for     text CHECK (length(held_for) <= 200),                            -- a dispute: not to be paid now
    approved_by  text,
    approved_at  timestamptz,
    transfer_no  bigint REFERENCES transfers (id),                                -- each line is in one transfer at most
    problem      text CHECK (length(problem) <= 500),
    created_at   timestamptz NOT NULL DEFAULT now(),
    paid_at      timestamptz,
    CONSTRAINT approved_by_somebody CHECK ((status = 'pending') OR approved_by IS NOT NULL),
    CONSTRAINT paid_by_a_transfer CHECK (status <> 'paid' OR transfer_no IS NOT NULL)
);
CREATE INDEX payouts_of_pro ON payouts (pro_id, id);
CREATE INDEX payouts_of_job ON payouts (job_id);
CREATE INDEX payouts_waiting ON payouts (status, id) WHERE status <> 'paid';
CREATE UNIQUE INDEX payouts_one_per_job ON payouts (job_id) WHERE kind = 'job';

CREATE TABLE disputes (
    dispute_id   text PRIMARY KEY CHECK (length(dispute_id) <= 128),              -- the provider's (dp_…)
    payment_id   bigint NOT NULL REFERENCES payments (id),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    reason       text NOT NULL,
    status       text NOT NULL CHECK (status IN ('open', 'won', 'lost')),
    opened_at    timestamptz NOT NULL DEFAULT now(),
    closed_at    timestamptz
);

-- Webhooks as they came: stored once, handled once from the outbox, by fetching the object anew.
CREATE TABLE external_events (
    provider    text NOT NULL CHECK (provider IN ('stripe', 'twilio', 'sendgrid')),
    event_id    text NOT NULL CHECK (length(event_id) BETWEEN 1 AND 200),
    type        text NOT NULL CHECK (length(type) <= 100),
    object_id   text CHECK (length(object_id) <= 200),
    body        jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX external_events_received ON external_events (received_at);

-- What the sandbox providers hold, where a real one would: intents, transfers, messages.
CREATE TABLE sandbox_objects (
    id         text PRIMARY KEY,
    kind       text NOT NULL,
    key        text UNIQUE,                                                       -- the idempotency key it was made with
    job_id     uuid,
    body       jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sandbox_objects_newest ON sandbox_objects (created_at DESC);
CREATE INDEX sandbox_objects_of_job ON sandbox_objects (job_id) WHERE job_id IS NOT NULL;
