-- Links that a customer passes on, and the portraits that customers see of their pros.

ALTER TABLE tracking_links
    ADD COLUMN kind    text NOT NULL DEFAULT 'own' CHECK (kind IN (
                           'own',       -- the customer's: also receipt, tip, review, and passing on
                           'shared')),  -- passed on by the customer: the live visit, and nothing else
    ADD COLUMN seen_at timestamptz;     -- when a shared one was last opened, to the minute

ALTER TABLE people
    DROP COLUMN photo_url,              -- nothing ever wrote it: pages show pictures of our own only
    ADD COLUMN photo_key text UNIQUE    -- random: where the portrait lies in the store, and its public address
        CHECK (photo_key ~ '^[a-z0-9]{8,64}$');
