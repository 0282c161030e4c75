-- Reputation: reviews in both directions, and the score of a home.

ALTER TABLE people
    ADD COLUMN rating_count integer NOT NULL DEFAULT 0 CHECK (rating_count >= 0),
    ADD COLUMN rating_sum   integer NOT NULL DEFAULT 0 CHECK (rating_sum BETWEEN rating_count AND 5 * rating_count),
    ADD COLUMN rating_low   boolean NOT NULL DEFAULT false;                       -- below the alert line; told once per drop

CREATE TABLE reviews (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id      uuid NOT NULL REFERENCES jobs (id),
    direction   text NOT NULL CHECK (direction IN ('customer_to_pro', 'pro_to_customer')),
    author_id   text NOT NULL REFERENCES people (id),
    subject_id  text NOT NULL REFERENCES people (id),
    rating      smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment     text NOT NULL DEFAULT '' CHECK (length(comment) <= 2000),
    created_at  timestamptz NOT NULL DEFAULT now(),
    hidden_at   timestamptz,                                                      -- by dispatch: abuse; it no longer counts
    hidden_by   text,
    CONSTRAINT nobody_reviews_themself CHECK (author_id <> subject_id),
    UNIQUE (job_id, direction)                                                    -- one per job and direction
);
CREATE INDEX reviews_of_subject ON reviews (subject_id, id DESC);
CREATE INDEX reviews_of_author ON reviews (author_id, created_at);

-- What a completed job adds to a home's score. A table, so that a company changes it without code.
CREATE TABLE score_catalogue (
    skill  text PRIMARY KEY CHECK (length(skill) <= 64),                          -- a skill's code
    points integer NOT NULL CHECK (points BETWEEN 0 AND 100)
);
INSERT INTO score_catalogue (skill, points)
VALUES ('pressure_washing', 10), ('gutter_cleaning', 15), ('junk_removal', 5);

CREATE TABLE home_scores (
    customer_id text PRIMARY KEY REFERENCES people (id),
    score       numeric(5, 1) NOT NULL CHECK (score BETWEEN 0 AND 100),
    items       jsonb NOT NULL,                                                   -- why, item by item
    computed_at timestamptz NOT NULL
);
