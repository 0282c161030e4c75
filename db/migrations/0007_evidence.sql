-- Evidence: the photos and the signature that show what was done. The files lie in a store, by their key.

CREATE TABLE evidence (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id       uuid NOT NULL REFERENCES jobs (id),
    kind         text NOT NULL CHECK (kind IN ('before', 'after', 'signature')),
    uploaded_by  text NOT NULL,
    upload_key   text NOT NULL CHECK (length(upload_key) BETWEEN 1 AND 128),      -- the device's id of it: sent twice, kept once
    store_key    text NOT NULL UNIQUE,                                            -- random; where the file lies
    thumb_key    text UNIQUE,
    sha256       bytea NOT NULL CHECK (length(sha256) = 32),                      -- of the stored, re-encoded file
    source_sha256 bytea NOT NULL CHECK (length(source_sha256) = 32),              -- of what was uploaded
    media_type   text NOT NULL,
    bytes        integer NOT NULL CHECK (bytes > 0),
    width        integer NOT NULL CHECK (width > 0),
    height       integer NOT NULL CHECK (height > 0),
    taken_at     timestamptz,                                                     -- from EXIF or the device, before it was stripped
    distance_m   double precision,                                                -- from the job's door to where it says it was taken
    doubts       text[] NOT NULL DEFAULT '{}',                                    -- taken_elsewhere, taken_at_another_time, …
    created_at   timestamptz NOT NULL DEFAULT now(),
    removed_at   timestamptz,
    removed_by   text,
    UNIQUE (job_id, upload_key)
);
CREATE INDEX evidence_of_job ON evidence (job_id, created_at);
CREATE INDEX evidence_kept ON evidence (created_at) WHERE removed_at IS NULL;    -- what retention looks for

-- Files that no evidence names: noted before they are written, and again when their evidence is removed.
-- The one transaction that makes a piece of evidence takes its files off this list; the sweep deletes the rest.
CREATE TABLE loose_files (
    store_key    text PRIMARY KEY CHECK (length(store_key) BETWEEN 8 AND 64),
    delete_after timestamptz NOT NULL,
    condemned    boolean NOT NULL DEFAULT false                                   -- being deleted: too late to be kept
);
CREATE INDEX loose_files_due ON loose_files (delete_after);
