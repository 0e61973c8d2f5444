-- Who may be inside, by this server's clock: one row per key that was locked lately. Run before the first lease; does nothing where the
-- table is there already. A role that may not create tables needs SELECT, INSERT, UPDATE and DELETE on this one.
DO $$
BEGIN
  -- Servers that start together create it once.
  PERFORM pg_advisory_xact_lock(hashtext('picklock_leases'));
  IF to_regclass('picklock_leases') IS NULL THEN
    CREATE TABLE picklock_leases (
      key text PRIMARY KEY,
      token text NOT NULL,
      -- The process that has it.
      owner text NOT NULL,
      ends_at timestamptz NOT NULL,
      fence bigint NOT NULL,
      -- The first of those who wait: until then, nobody else gets it.
      next_token text NOT NULL DEFAULT '',
      next_owner text NOT NULL DEFAULT '',
      next_until timestamptz NOT NULL DEFAULT '-infinity'
    ) WITH (fillfactor = 50); -- room for the next version of a row on its own page: no index is written
  END IF;
END
$$
