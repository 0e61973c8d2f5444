-- The shop's books for one drill, in a schema of its own.

CREATE TABLE products (
  id integer PRIMARY KEY,
  stock integer NOT NULL,
  first_stock integer NOT NULL,
  -- The least that stock ever was; every UPDATE of stock keeps it.
  lowest integer NOT NULL
);

-- No unique request_id: what the lock lets through twice has to be seen, not refused.
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id text NOT NULL,
  product_id integer NOT NULL,
  quantity integer NOT NULL,
  -- Each server's connections carry its name.
  server text NOT NULL DEFAULT current_setting('application_name'),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Only where the ledger checked it (guard: fenced).
  fence numeric
);
CREATE INDEX ON orders (request_id);

-- The highest fence that has reached a product, and the writes that came with a lower one.
CREATE TABLE fences (
  product_id integer PRIMARY KEY,
  last_fence numeric NOT NULL
);
CREATE TABLE refusals (
  request_id text NOT NULL,
  product_id integer NOT NULL,
  fence numeric NOT NULL
);
