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

CREATE TABLE coupons (
  id integer PRIMARY KEY,
  first_limit integer NOT NULL
);

-- Nor is (coupon_id, user_id) unique here.
CREATE TABLE issues (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id text NOT NULL,
  coupon_id integer NOT NULL,
  user_id integer NOT NULL,
  server text NOT NULL DEFAULT current_setting('application_name'),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  fence numeric
);
CREATE INDEX ON issues (coupon_id, user_id);

CREATE TABLE accounts (
  user_id integer PRIMARY KEY,
  balance integer NOT NULL,
  first_balance integer NOT NULL,
  lowest integer NOT NULL
);
CREATE TABLE deductions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request_id text NOT NULL,
  user_id integer NOT NULL,
  amount integer NOT NULL,
  server text NOT NULL DEFAULT current_setting('application_name'),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  fence numeric
);
CREATE INDEX ON deductions (request_id);

-- guard: fenced. The highest fence that has reached a resource (named as the lock names it: stock:7), and the writes that came with a lower one.
CREATE TABLE fences (
  resource text PRIMARY KEY,
  last_fence numeric NOT NULL
);
CREATE TABLE refusals (
  request_id text NOT NULL,
  resource text NOT NULL,
  fence numeric NOT NULL
);

-- guard: optimistic. How often a resource was written.
CREATE TABLE versions (
  resource text PRIMARY KEY,
  version integer NOT NULL
);
