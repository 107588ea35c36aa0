CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE,
  card TEXT,
  note TEXT
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  item TEXT NOT NULL,
  total_cents INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'paid',
  refunded_cents INTEGER NOT NULL DEFAULT 0
);
INSERT INTO customers VALUES
  (1, 'Mia Berger', 'mia.berger@example.com', '4111111111111111', 'prefers mail; wrote from mia@private.example.org'),
  (2, 'Tom Okafor', 'tom.okafor@example.com', '5500005555555559', NULL),
  (3, 'Ines Duarte', 'ines.duarte@example.com', '378282246310005', 'moved in June'),
  (4, 'Lee Chang', 'lee.chang@example.com', '6011111111111117', NULL),
  (5, 'Noor Haddad', 'noor.haddad@example.com', '4012888888881881', 'call before delivery');
INSERT INTO orders VALUES
  (1041, 1, 'coffee grinder', 9950, 'paid', 0),
  (1042, 1, 'espresso machine', 48900, 'paid', 0),
  (1043, 2, 'kettle', 4500, 'paid', 0),
  (1044, 3, 'scale', 2900, 'open', 0),
  (1045, 4, 'filter papers', 600, 'paid', 0),
  (1046, 5, 'milk jug', 1900, 'paid', 0),
  (1047, 5, 'tamper', 3500, 'paid', 0);
CREATE TABLE salaries (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  yearly_cents INTEGER NOT NULL
);
INSERT INTO salaries VALUES (1, 'Ana', 9400000), (2, 'Ben', 7100000), (3, 'Cleo', 12800000);
