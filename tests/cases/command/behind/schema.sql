-- A publisher: the schema that statements.jsonl is run on. Everything that can hide a write is here at least once.
CREATE SCHEMA shop; CREATE SCHEMA hidden; CREATE SCHEMA tools;

CREATE TABLE hidden.journal(id bigserial PRIMARY KEY, what text, at timestamptz DEFAULT now());
CREATE TABLE hidden.counters(name text PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO hidden.counters VALUES ('calls', 0), ('checks', 0), ('casts', 0), ('rows', 0);
CREATE TABLE hidden.quota(who text PRIMARY KEY, left_over int NOT NULL);
INSERT INTO hidden.quota VALUES ('a', 100), ('b', 100);

-- plain tables and a chain of cascades
CREATE TABLE shop.authors(id int PRIMARY KEY, name text NOT NULL, email text UNIQUE, active bool NOT NULL DEFAULT true);
CREATE TABLE shop.books(id int PRIMARY KEY, author_id int REFERENCES shop.authors ON DELETE CASCADE ON UPDATE CASCADE,
  title text, price numeric NOT NULL DEFAULT 10);
CREATE TABLE shop.chapters(id int PRIMARY KEY, book_id int REFERENCES shop.books ON DELETE CASCADE, title text);
CREATE TABLE shop.notes(id int PRIMARY KEY, chapter_id int REFERENCES shop.chapters ON DELETE SET NULL, body text);
CREATE TABLE shop.awards(id int PRIMARY KEY, author_id int DEFAULT 1 REFERENCES shop.authors ON DELETE SET DEFAULT ON UPDATE CASCADE, title text);
CREATE TABLE shop.staff(id int PRIMARY KEY, boss int REFERENCES shop.staff ON DELETE CASCADE, name text);
INSERT INTO shop.authors SELECT g, 'n' || g, 'e' || g || '@x.test' FROM generate_series(1, 12) g;
INSERT INTO shop.books SELECT g, 1 + g % 12, 't' || g FROM generate_series(1, 24) g;
INSERT INTO shop.chapters SELECT g, 1 + g % 24, 'c' || g FROM generate_series(1, 48) g;
INSERT INTO shop.notes SELECT g, 1 + g % 48, 'b' || g FROM generate_series(1, 48) g;
INSERT INTO shop.awards SELECT g, 1 + g % 12, 'a' || g FROM generate_series(1, 12) g;
INSERT INTO shop.staff SELECT g, CASE WHEN g > 1 THEN g / 2 END, 's' || g FROM generate_series(1, 10) g;

-- functions: SQL in both forms, PL/pgSQL with everything
CREATE FUNCTION tools.log(what text) RETURNS void LANGUAGE sql AS 'INSERT INTO hidden.journal(what) VALUES ($1)';
CREATE FUNCTION tools.log_std(what text) RETURNS bigint LANGUAGE sql BEGIN ATOMIC
  INSERT INTO hidden.journal(what) VALUES (what) RETURNING id; END;
CREATE FUNCTION tools.half(a numeric) RETURNS numeric LANGUAGE sql IMMUTABLE RETURN a / 2;
CREATE FUNCTION tools.outer_log(what text) RETURNS void LANGUAGE sql AS 'SELECT tools.log(''o:'' || $1)';
CREATE FUNCTION tools.third(what text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM tools.outer_log(what); RETURN 3; END $$;
CREATE FUNCTION tools.count_books() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM shop.books';
CREATE FUNCTION tools.books_of(who int) RETURNS SETOF shop.books LANGUAGE sql STABLE AS 'SELECT * FROM shop.books b WHERE b.author_id = who';
CREATE FUNCTION tools.titles(who int) RETURNS TABLE(title text, price numeric) LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN QUERY SELECT b.title, b.price FROM shop.books b WHERE b.author_id = who; END $$;
CREATE FUNCTION tools.loops(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE r record; total int := 0; i int;
BEGIN
  FOR i IN 1..n LOOP total := total + i; END LOOP;
  FOR r IN SELECT * FROM shop.books WHERE id <= n LOOP
    IF r.price > 5 THEN
      UPDATE shop.books SET price = price + 1 WHERE id = r.id;
    ELSIF r.price > 3 THEN
      NULL;
    ELSE
      DELETE FROM shop.notes WHERE id = r.id;
    END IF;
  END LOOP;
  WHILE total > 100 LOOP total := total - 10; END LOOP;
  LOOP EXIT WHEN total < 5; total := total / 2; END LOOP;
  FOREACH i IN ARRAY ARRAY[1, 2] LOOP INSERT INTO hidden.journal(what) VALUES ('loop ' || i); END LOOP;
  RETURN total;
END $$;
CREATE FUNCTION tools.caught() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO shop.authors(id, name) VALUES (1, 'twice');
  RETURN 'never';
EXCEPTION WHEN unique_violation OR SQLSTATE '23502' THEN
  INSERT INTO hidden.journal(what) VALUES ('caught');
  RETURN 'caught';
END $$;
CREATE FUNCTION tools.blocks() RETURNS int LANGUAGE plpgsql AS $$
<<outer_block>>
DECLARE n int := 1;
BEGIN
  <<inner_block>>
  DECLARE n int := 2;
  BEGIN
    UPDATE hidden.counters c SET n = c.n + inner_block.n WHERE c.name = 'rows';
    outer_block.n := n + 1;
  END;
  RETURN n;
END outer_block $$;
CREATE FUNCTION tools.cases(k int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  CASE k WHEN 1, 2 THEN INSERT INTO hidden.journal(what) VALUES ('one'); RETURN 'low';
  WHEN 3 THEN DELETE FROM shop.awards WHERE id = 3; RETURN 'three';
  ELSE RETURN CASE WHEN k > 100 THEN 'huge' ELSE 'other' END;
  END CASE;
END $$;
CREATE FUNCTION tools.searched(k int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  CASE WHEN k = 1 THEN TRUNCATE shop.notes; RETURN 'gone'; WHEN k = 2 THEN PERFORM tools.log('two'); ELSE END CASE;
  RETURN 'done';
END $$;
CREATE FUNCTION tools.cursors() RETURNS int LANGUAGE plpgsql AS $$
DECLARE c CURSOR FOR SELECT id, title FROM shop.books ORDER BY id; r record; n int := 0; d refcursor; t text;
BEGIN
  OPEN c; FETCH c INTO r; n := r.id; CLOSE c;
  OPEN d FOR SELECT name FROM shop.authors; FETCH NEXT FROM d INTO t; CLOSE d;
  FOR r IN c LOOP n := n + 1; UPDATE shop.books SET title = 'x' WHERE CURRENT OF c; EXIT; END LOOP;
  RETURN n;
END $$;
CREATE FUNCTION tools.dynamic_constant() RETURNS int LANGUAGE plpgsql AS $$
DECLARE n int; BEGIN EXECUTE 'DELETE FROM shop.notes WHERE id = $1' USING 5; EXECUTE 'SELECT count(*) FROM shop.notes' INTO n; RETURN n; END $$;
CREATE FUNCTION tools.dynamic_text(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || t; END $$;
CREATE FUNCTION tools.dynamic_format(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('DELETE FROM %s', t); END $$;
CREATE FUNCTION tools.recursive(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN IF n <= 0 THEN INSERT INTO hidden.journal(what) VALUES ('bottom'); RETURN 0; END IF; RETURN tools.recursive(n - 1); END $$;
CREATE FUNCTION tools.ping(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 0; END $$;
CREATE FUNCTION tools.pong(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN UPDATE hidden.counters SET n = counters.n + 1 WHERE name = 'calls'; IF pong.n > 0 THEN RETURN tools.ping(pong.n - 1); END IF; RETURN 0; END $$;
CREATE OR REPLACE FUNCTION tools.ping(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN INSERT INTO hidden.journal(what) VALUES ('ping'); IF n > 0 THEN RETURN tools.pong(n - 1); END IF; RETURN 0; END $$;
CREATE FUNCTION tools.out_args(a int, OUT b int, OUT c text) LANGUAGE plpgsql AS $$
BEGIN b := a + 1; SELECT name INTO STRICT c FROM shop.authors WHERE id = a; END $$;
CREATE FUNCTION tools.into_row(a int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE w shop.authors%ROWTYPE; e shop.authors.email%TYPE;
BEGIN SELECT * INTO w FROM shop.authors WHERE id = a; SELECT email INTO e FROM shop.authors WHERE id = a;
  UPDATE shop.authors SET name = upper(w.name) WHERE id = w.id RETURNING email INTO e; RETURN w.name || e; END $$;
CREATE FUNCTION tools.returning_many() RETURNS SETOF int LANGUAGE plpgsql AS $$
DECLARE r int; BEGIN FOR r IN UPDATE shop.awards SET title = title || '!' WHERE id < 4 RETURNING id LOOP RETURN NEXT r; END LOOP; RETURN; END $$;
CREATE FUNCTION tools.default_arg(a int DEFAULT tools.third('default')) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION tools.definer() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = hidden AS 'DELETE FROM journal';
CREATE FUNCTION tools.own_path() RETURNS void LANGUAGE plpgsql SET search_path = hidden, pg_temp AS $$ BEGIN INSERT INTO journal(what) VALUES ('path'); END $$;
CREATE FUNCTION tools.temp_work() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN CREATE TEMP TABLE scratch(a int) ON COMMIT DROP; INSERT INTO scratch SELECT id FROM shop.books; DELETE FROM shop.notes WHERE id IN (SELECT a FROM scratch); RETURN 1; END $$;
CREATE FUNCTION tools.raises(v text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'value % of %', v, tools.third('raise') USING HINT = 'see ' || v; END $$;
CREATE FUNCTION tools.asserts() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ASSERT tools.third('assert') = 3, 'no'; END $$;
CREATE FUNCTION tools.merges() RETURNS void LANGUAGE plpgsql AS $$
BEGIN MERGE INTO hidden.quota q USING (VALUES ('a'), ('c')) v(who) ON q.who = v.who
  WHEN MATCHED THEN UPDATE SET left_over = q.left_over - 1 WHEN NOT MATCHED THEN INSERT VALUES (v.who, 1); END $$;
CREATE FUNCTION tools.sets() RETURNS text LANGUAGE sql AS $$ SELECT set_config('search_path', 'hidden', true) $$;
CREATE FUNCTION tools.ctes(k int) RETURNS bigint LANGUAGE sql AS $$
WITH gone AS (DELETE FROM shop.notes WHERE id = k RETURNING *), kept AS (INSERT INTO hidden.journal(what) SELECT body FROM gone RETURNING 1)
SELECT count(*) FROM kept $$;
CREATE FUNCTION tools.diag() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; BEGIN UPDATE shop.books SET price = price; GET DIAGNOSTICS n = ROW_COUNT; RETURN n; END $$;
CREATE FUNCTION tools.arrays(a int[]) RETURNS int LANGUAGE plpgsql AS $$
DECLARE b int[] := a; BEGIN b[1] := 7; IF array_length(b, 1) > 1 THEN DELETE FROM shop.awards WHERE id = b[2]; END IF; RETURN b[1]; END $$;
CREATE FUNCTION tools.pure(a int, b int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE c int := a; BEGIN FOR i IN 1..b LOOP c := c + i; END LOOP; RETURN c; END $$;
CREATE FUNCTION tools.initials(n text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(left(n, 1)) $$;
CREATE FUNCTION tools.variadic_sum(VARIADIC n int[]) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hidden.journal(what) VALUES (array_to_string(n, ',')); RETURN n[1]; END $$;
CREATE FUNCTION tools.over(a int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION tools.over(a text) RETURNS int LANGUAGE sql AS 'DELETE FROM shop.awards; SELECT 1';
CREATE FUNCTION tools.notifies() RETURNS void LANGUAGE plpgsql AS $$ BEGIN NOTIFY changes; PERFORM pg_notify('changes', 'x'); END $$;

-- procedures
CREATE PROCEDURE tools.clean(k int) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.notes WHERE id = k; CALL tools.tick(k); END $$;
CREATE PROCEDURE tools.tick(INOUT k int) LANGUAGE plpgsql AS $$ BEGIN UPDATE hidden.counters SET n = n + k WHERE name = 'calls'; k := k + 1; END $$;
CREATE PROCEDURE tools.plain() LANGUAGE sql AS 'DELETE FROM hidden.journal; UPDATE hidden.quota SET left_over = 0';
CREATE PROCEDURE tools.commits() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hidden.journal(what) VALUES ('c1'); COMMIT; DELETE FROM hidden.quota; COMMIT; END $$;

-- triggers
CREATE TABLE shop.watched(id int PRIMARY KEY, v int, w int, note text);
INSERT INTO shop.watched SELECT g, g, g, 'w' || g FROM generate_series(1, 6) g;
CREATE FUNCTION tools.on_watched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN INSERT INTO hidden.journal(what) VALUES ('del ' || OLD.note); RETURN OLD; END IF;
  NEW.note := coalesce(NEW.note, '') || TG_OP;
  INSERT INTO hidden.journal(what) VALUES (TG_TABLE_NAME || NEW.id::text);
  RETURN NEW;
END $$;
CREATE TRIGGER watched_row BEFORE INSERT OR DELETE ON shop.watched FOR EACH ROW EXECUTE FUNCTION tools.on_watched();
CREATE FUNCTION tools.on_v() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE hidden.quota SET left_over = left_over - 1 WHERE who = 'a'; RETURN NEW; END $$;
CREATE TRIGGER watched_v AFTER UPDATE OF v ON shop.watched FOR EACH ROW WHEN (NEW.v IS DISTINCT FROM OLD.v) EXECUTE FUNCTION tools.on_v();
CREATE FUNCTION tools.on_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO hidden.journal(what) SELECT 'st ' || count(*) FROM changed; RETURN NULL; END $$;
CREATE TRIGGER watched_st AFTER UPDATE ON shop.watched REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tools.on_statement();
CREATE FUNCTION tools.on_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM hidden.quota; RETURN NULL; END $$;
CREATE TRIGGER watched_tr BEFORE TRUNCATE ON shop.watched EXECUTE FUNCTION tools.on_truncate();
CREATE FUNCTION tools.on_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.staff; RETURN NEW; END $$;
CREATE TRIGGER watched_off AFTER INSERT ON shop.watched FOR EACH ROW EXECUTE FUNCTION tools.on_off();
ALTER TABLE shop.watched DISABLE TRIGGER watched_off;
CREATE TABLE shop.first(id int PRIMARY KEY); CREATE TABLE shop.second(id int PRIMARY KEY); CREATE TABLE shop.third(id int PRIMARY KEY);
CREATE FUNCTION tools.to_second() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.second VALUES (NEW.id); RETURN NEW; END $$;
CREATE FUNCTION tools.to_third() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.third VALUES (NEW.id); RETURN NEW; END $$;
CREATE TRIGGER t1 AFTER INSERT ON shop.first FOR EACH ROW EXECUTE FUNCTION tools.to_second();
CREATE TRIGGER t2 AFTER INSERT ON shop.second FOR EACH ROW EXECUTE FUNCTION tools.to_third();
CREATE FUNCTION tools.on_chapter() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hidden.journal(what) VALUES ('chapter'); RETURN OLD; END $$;
CREATE TRIGGER chapter_gone AFTER DELETE ON shop.chapters FOR EACH ROW EXECUTE FUNCTION tools.on_chapter();
CREATE TABLE shop.checked_late(id int PRIMARY KEY);
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON shop.checked_late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tools.on_v();
CREATE TABLE shop.dynamic_trigger(id int PRIMARY KEY);
CREATE FUNCTION tools.on_dynamic() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || TG_ARGV[0]; RETURN NEW; END $$;
CREATE TRIGGER dyn AFTER INSERT ON shop.dynamic_trigger FOR EACH ROW EXECUTE FUNCTION tools.on_dynamic('shop.notes');

-- views, INSTEAD OF, rules
CREATE VIEW shop.active_authors AS SELECT id, name FROM shop.authors WHERE active;
CREATE VIEW shop.joined AS SELECT b.id, b.title, a.name FROM shop.books b JOIN shop.authors a ON a.id = b.author_id;
CREATE FUNCTION tools.on_joined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN DELETE FROM shop.notes WHERE id = OLD.id; RETURN OLD; END IF;
  UPDATE shop.awards SET title = NEW.title WHERE id = NEW.id; RETURN NEW;
END $$;
CREATE TRIGGER joined_io INSTEAD OF UPDATE OR DELETE ON shop.joined FOR EACH ROW EXECUTE FUNCTION tools.on_joined();
CREATE VIEW shop.calling AS SELECT id, tools.third('view') AS n FROM shop.authors WHERE id < 3;
CREATE VIEW shop.over_calling AS SELECT n FROM shop.calling;
CREATE MATERIALIZED VIEW shop.totals AS SELECT author_id, count(*) AS n FROM shop.books GROUP BY 1;
CREATE MATERIALIZED VIEW shop.noisy AS SELECT tools.third('mat') AS n;
CREATE TABLE shop.ruled(id int, v int);
INSERT INTO shop.ruled VALUES (1, 1), (2, 2);
CREATE RULE also_log AS ON INSERT TO shop.ruled DO ALSO INSERT INTO hidden.journal(what) VALUES ('rule ' || NEW.id);
CREATE RULE instead_upd AS ON UPDATE TO shop.ruled DO INSTEAD UPDATE hidden.quota SET left_over = NEW.v WHERE who = 'b';
CREATE RULE cond_del AS ON DELETE TO shop.ruled WHERE OLD.v > 1 DO INSTEAD DELETE FROM shop.awards WHERE id = OLD.id;
CREATE VIEW shop.rule_view AS SELECT id, title FROM shop.chapters;
CREATE RULE view_ins AS ON INSERT TO shop.rule_view DO INSTEAD INSERT INTO shop.notes(id, body) VALUES (NEW.id, NEW.title);
CREATE RULE view_nothing AS ON DELETE TO shop.rule_view DO INSTEAD NOTHING;

-- partitions and inheritance
CREATE TABLE shop.sales(id int, region text, amount int) PARTITION BY LIST (region);
CREATE TABLE shop.sales_eu PARTITION OF shop.sales FOR VALUES IN ('eu');
CREATE TABLE shop.sales_us PARTITION OF shop.sales FOR VALUES IN ('us');
INSERT INTO shop.sales SELECT g, CASE WHEN g % 2 = 0 THEN 'eu' ELSE 'us' END, g FROM generate_series(1, 8) g;
CREATE FUNCTION tools.on_sale() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hidden.journal(what) VALUES ('sale'); RETURN NEW; END $$;
CREATE TRIGGER sale_in AFTER INSERT ON shop.sales FOR EACH ROW EXECUTE FUNCTION tools.on_sale();
CREATE FUNCTION tools.on_eu_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE hidden.counters SET n = n + 1 WHERE name = 'rows'; RETURN OLD; END $$;
CREATE TRIGGER eu_gone AFTER DELETE ON shop.sales_eu FOR EACH ROW EXECUTE FUNCTION tools.on_eu_gone();
CREATE TABLE shop.animals(id int, name text); CREATE TABLE shop.dogs(bark text) INHERITS (shop.animals);
INSERT INTO shop.animals VALUES (1, 'cat'); INSERT INTO shop.dogs VALUES (2, 'rex', 'wau');
CREATE FUNCTION tools.on_dog() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hidden.journal(what) VALUES ('dog'); RETURN NEW; END $$;
CREATE TRIGGER dog_changed AFTER UPDATE ON shop.dogs FOR EACH ROW EXECUTE FUNCTION tools.on_dog();

-- expressions that write: defaults, checks, generated columns, domains, index expressions
CREATE FUNCTION tools.counted(k text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE hidden.counters SET n = n + 1 WHERE name = k; RETURN 1; END $$;
CREATE FUNCTION tools.check_writes(v int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN UPDATE hidden.counters SET n = n + 1 WHERE name = 'checks'; RETURN true; END $$;
CREATE FUNCTION tools.pretends(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM tools.log('pretends'); RETURN v; END $$;
CREATE TABLE shop.defaults(id int DEFAULT tools.counted('rows'), v text);
CREATE TABLE shop.checks(id int CHECK (tools.check_writes(id)), v text);
CREATE TABLE shop.generated(id int, twice int GENERATED ALWAYS AS (tools.pretends(id)) STORED);
CREATE TABLE shop.indexed(id int); CREATE INDEX ON shop.indexed (tools.pretends(id));
CREATE DOMAIN shop.counted_int AS int CHECK (tools.check_writes(VALUE));
CREATE DOMAIN shop.positive AS int CHECK (VALUE > 0);
CREATE DOMAIN shop.small_positive AS shop.positive CHECK (VALUE < 100);
CREATE TABLE shop.domained(id shop.counted_int, p shop.positive);
CREATE TYPE shop.pair AS (a shop.counted_int, b int);
CREATE SEQUENCE shop.numbers; CREATE TABLE shop.numbered(id bigint DEFAULT nextval('shop.numbers') PRIMARY KEY, v text);
CREATE TABLE shop.identified(id bigint GENERATED ALWAYS AS IDENTITY, v text);

-- operators, casts, aggregates
CREATE FUNCTION tools.op_writes(a int, b int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hidden.journal(what) VALUES ('op'); RETURN a = b; END $$;
CREATE OPERATOR shop.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = tools.op_writes);
CREATE FUNCTION tools.op_pure(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a * 10 + b';
CREATE OPERATOR shop.+|+ (LEFTARG = int, RIGHTARG = int, FUNCTION = tools.op_pure);
CREATE TYPE shop.tone AS ENUM ('warm', 'cold');
CREATE FUNCTION tools.to_tone(int) RETURNS shop.tone LANGUAGE plpgsql AS $$ BEGIN UPDATE hidden.counters SET n = n + 1 WHERE name = 'casts'; RETURN 'warm'; END $$;
CREATE CAST (int AS shop.tone) WITH FUNCTION tools.to_tone(int) AS ASSIGNMENT;
CREATE TABLE shop.toned(id int, t shop.tone);
CREATE FUNCTION tools.agg_step(s int, v int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO hidden.journal(what) VALUES ('agg'); RETURN s + v; END $$;
CREATE AGGREGATE tools.noisy_sum(int) (SFUNC = tools.agg_step, STYPE = int, INITCOND = '0');
CREATE AGGREGATE tools.my_max(int) (SFUNC = int4larger, STYPE = int);

-- row security
CREATE TABLE shop.tenants(id int PRIMARY KEY, who text); CREATE TABLE shop.secured(id int, tenant int, v text);
INSERT INTO shop.tenants VALUES (1, 'a'), (2, 'b'); INSERT INTO shop.secured VALUES (1, 1, 'x'), (2, 2, 'y');
ALTER TABLE shop.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON shop.secured USING (tenant IN (SELECT t.id FROM shop.tenants t WHERE t.who = current_user));
CREATE TABLE shop.guarded(id int, v text); INSERT INTO shop.guarded VALUES (1, 'x');
ALTER TABLE shop.guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY noisy ON shop.guarded USING (tools.check_writes(id));
