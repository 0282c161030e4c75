-- Lists that dispatch and operators look at all day; without these they read every row there ever was.

CREATE INDEX jobs_newest ON jobs (created_at DESC, id DESC);
CREATE INDEX outbox_unfinished ON outbox (id) WHERE done_at IS NULL;
