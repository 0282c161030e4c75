-- Messages: what people were told, by which channels, and what became of it.

ALTER TABLE people
    ADD COLUMN language    text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'es')),
    ADD COLUMN time_zone   text CHECK (length(time_zone) <= 64),                  -- IANA; null: the company's
    ADD COLUMN quiet_from  time,                                                  -- null: the company's quiet hours
    ADD COLUMN quiet_until time,
    ADD COLUMN photo_url   text CHECK (length(photo_url) <= 500);

-- The bell. One row per event and person, whatever its channels.
CREATE TABLE notifications (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_key  text NOT NULL CHECK (length(event_key) BETWEEN 1 AND 200),         -- like job:…:5:on_the_way
    kind       text NOT NULL,                                                     -- tracker.messages.kinds.Kind
    person_id  text NOT NULL REFERENCES people (id),
    job_id     uuid REFERENCES jobs (id),
    title      text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    body       text NOT NULL CHECK (length(body) <= 1000),                        -- never a link's secret
    facts      jsonb NOT NULL DEFAULT '{}',                                       -- what its texts are made from
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at    timestamptz,
    UNIQUE (event_key, person_id)
);
CREATE INDEX notifications_of_person ON notifications (person_id, id DESC);
CREATE INDEX notifications_unread ON notifications (person_id) WHERE read_at IS NULL;
CREATE INDEX notifications_oldest ON notifications (created_at);                     -- for retention
CREATE INDEX notifications_of_job ON notifications (job_id) WHERE job_id IS NOT NULL;

-- Exactly one send per notification and channel.
CREATE TABLE deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notification_id bigint NOT NULL REFERENCES notifications (id),
    channel         text NOT NULL CHECK (channel IN ('sms', 'email', 'push')),
    provider        text CHECK (provider IN ('twilio', 'sendgrid', 'smtp', 'webpush', 'sandbox')),
    recipient       text NOT NULL CHECK (length(recipient) <= 500),               -- as it was when queued
    status          text NOT NULL DEFAULT 'queued' CHECK (status IN (
                        'queued',      -- waits for its turn, or for the morning
                        'sending',     -- handed over; the outcome is not known yet
                        'sent',        -- the provider has it
                        'delivered',   -- the recipient has it
                        'failed',      -- the provider gave up; `problem` says why
                        'suppressed',  -- opted out
                        'expired')),   -- too late to be of use
    provider_id     text CHECK (length(provider_id) <= 200),                      -- the provider's id of it
    problem         text CHECK (length(problem) <= 500),
    cost_micros     bigint,                                                       -- millionths of a dollar, as billed
    segments        integer,
    send_after      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz,
    first_tried_at  timestamptz,                                                  -- before the first call: a second one looks up first
    resent          boolean NOT NULL DEFAULT false,                               -- the one resend was used
    sent_at         timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (notification_id, channel)
);
CREATE UNIQUE INDEX deliveries_by_provider_id ON deliveries (provider, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX deliveries_newest ON deliveries (id DESC);
CREATE INDEX deliveries_by_status ON deliveries (status, id DESC);
-- "Which of the texts to this number do we know of?", asked before a resend.
CREATE INDEX deliveries_sent_to ON deliveries (recipient, first_tried_at) WHERE provider_id IS NOT NULL;

-- What a person does not want: a kind of message on a channel, or (kind '*') the channel as a whole.
CREATE TABLE message_opt_outs (
    person_id text NOT NULL REFERENCES people (id),
    kind      text NOT NULL,
    channel   text NOT NULL CHECK (channel IN ('sms', 'email', 'push')),
    since     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, kind, channel)
);
-- A number that said STOP, whoever uses it (Twilio error 21610).
CREATE TABLE phone_opt_outs (
    phone text PRIMARY KEY CHECK (length(phone) <= 32),
    since timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE push_subscriptions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id  text NOT NULL REFERENCES people (id),
    link_id    bigint REFERENCES tracking_links (id),                             -- a link's browser hears of its job only
    endpoint   text NOT NULL UNIQUE CHECK (length(endpoint) <= 1000),
    p256dh     text NOT NULL CHECK (length(p256dh) <= 200),
    auth       text NOT NULL CHECK (length(auth) <= 100),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX push_subscriptions_of_person ON push_subscriptions (person_id);
