-- What dispatchers ask of the board again and again, under a name; and the board's own questions.

CREATE TABLE saved_views (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id   text NOT NULL CHECK (length(owner_id) BETWEEN 1 AND 128),          -- a token's `sub`; who needs no record
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    filter     jsonb NOT NULL CHECK (jsonb_typeof(filter) = 'object'),            -- api.board_query.BoardFilter
    shared     boolean NOT NULL DEFAULT false,                                    -- every dispatcher sees it
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (owner_id, name)
);
CREATE INDEX saved_views_shared ON saved_views (name, id) WHERE shared;

-- "What is there on Tuesday?": the day of a job is its window's, or the one it was ordered on.
CREATE INDEX jobs_by_day ON jobs ((coalesce(window_start, created_at)));
-- Which lines a transfer carries.
CREATE INDEX payouts_of_transfer ON payouts (transfer_no) WHERE transfer_no IS NOT NULL;
-- Few payments are in trouble, and those are what dispatch looks for among all there ever were.
CREATE INDEX payments_in_trouble ON payments (job_id)
    WHERE dispute IN ('open', 'lost') OR status = 'failed' OR refunded_cents > 0;
