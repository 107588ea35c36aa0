-- A clinic: the schema that benign.jsonl, unsafe.jsonl and lineage.jsonl are judged on. Every feature of the server's that
-- can carry a value, or hide a write, is here at least once.
CREATE SCHEMA clinic; CREATE SCHEMA back;
CREATE TYPE clinic.address AS (street text, town text, zip text);
CREATE TYPE clinic.grade AS ENUM ('junior', 'senior', 'chief');
CREATE DOMAIN clinic.money_cents AS int CHECK (VALUE >= 0);
CREATE TABLE clinic.doctors(id int PRIMARY KEY, name text NOT NULL, email text UNIQUE NOT NULL, grade clinic.grade NOT NULL DEFAULT 'junior',
  boss int REFERENCES clinic.doctors, salary numeric NOT NULL DEFAULT 1000);
CREATE TABLE clinic.patients(id int PRIMARY KEY, name text NOT NULL, email text NOT NULL, ssn text NOT NULL, born date NOT NULL, town text NOT NULL,
  tags text[] NOT NULL DEFAULT '{}', info jsonb NOT NULL DEFAULT '{}', home clinic.address, active bool NOT NULL DEFAULT true);
CREATE TABLE clinic.visits(id int PRIMARY KEY, patient_id int NOT NULL REFERENCES clinic.patients ON DELETE CASCADE,
  doctor_id int NOT NULL REFERENCES clinic.doctors, at timestamptz NOT NULL, cost int NOT NULL, notes text, paid bool NOT NULL DEFAULT false);
CREATE TABLE clinic.labs(id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visit_id int REFERENCES clinic.visits ON DELETE CASCADE, code text NOT NULL,
  value numeric NOT NULL, twice numeric GENERATED ALWAYS AS (value * 2) STORED, doc xml, data json);
CREATE TABLE clinic.shifts(doctor_id int NOT NULL, day date NOT NULL, hours int NOT NULL, PRIMARY KEY (doctor_id, day)) PARTITION BY RANGE (day);
CREATE TABLE clinic.shifts_24 PARTITION OF clinic.shifts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE clinic.shifts_25 PARTITION OF clinic.shifts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE clinic.base_item(id int, label text); CREATE TABLE clinic.drug(dose int) INHERITS (clinic.base_item);
CREATE TABLE back.journal(id bigserial PRIMARY KEY, what text, at timestamptz DEFAULT now());
CREATE TABLE back.stock(id int PRIMARY KEY, n int NOT NULL);
INSERT INTO clinic.doctors SELECT g, 'dr' || g, 'dr' || g || '@c.test', CASE WHEN g = 1 THEN 'chief' WHEN g < 4 THEN 'senior' ELSE 'junior' END::clinic.grade,
  CASE WHEN g > 1 THEN g / 2 END, 1000 + g * 37 FROM generate_series(1, 9) g;
INSERT INTO clinic.patients SELECT g, 'pat' || g, 'p' || g || '@m.test', '900-00-' || lpad(g::text, 4, '0'), date '1950-01-01' + g * 400,
  (ARRAY['york', 'bath', 'ely'])[1 + g % 3], ARRAY['t' || g % 4, 'u' || g % 5], jsonb_build_object('kin', 'k' || g, 'list', jsonb_build_array(g, g + 1)),
  ROW('s' || g, 'w' || g, 'z' || g)::clinic.address, g % 7 <> 0 FROM generate_series(1, 20) g;
INSERT INTO clinic.visits SELECT g, 1 + g % 20, 1 + g % 9, timestamptz '2024-03-01 08:00Z' + g * interval '13 hours', 10 + g * 7 % 90, 'note ' || g, g % 3 = 0
  FROM generate_series(1, 60) g;
INSERT INTO clinic.labs(visit_id, code, value, doc, data) SELECT 1 + g % 60, 'c' || g % 5, g * 1.5, ('<r><v>' || g || '</v></r>')::xml,
  json_build_object('a', g, 'b', 'x' || g) FROM generate_series(1, 40) g;
INSERT INTO clinic.shifts SELECT 1 + g % 9, date '2024-06-01' + g * 17, 4 + g % 5 FROM generate_series(1, 30) g;
INSERT INTO clinic.base_item VALUES (1, 'a'), (2, 'b'); INSERT INTO clinic.drug VALUES (3, 'c', 10), (4, 'd', 20);
INSERT INTO back.stock SELECT g, 100 FROM generate_series(1, 5) g;
CREATE VIEW clinic.v_patients AS SELECT id, name, email AS contact, town FROM clinic.patients WHERE active;
CREATE VIEW clinic.v_bills AS SELECT v.id, p.contact, v.cost FROM clinic.visits v JOIN clinic.v_patients p ON p.id = v.patient_id;
CREATE VIEW clinic.v_deep AS SELECT contact || ':' || cost AS line, id FROM clinic.v_bills;
CREATE VIEW clinic.v_checked AS SELECT * FROM clinic.doctors WHERE salary > 0 WITH CHECK OPTION;
CREATE MATERIALIZED VIEW clinic.m_town AS SELECT town, count(*) AS n, max(ssn) AS top FROM clinic.patients GROUP BY town;
CREATE VIEW clinic.v_over_m AS SELECT town, top FROM clinic.m_town;
CREATE SEQUENCE clinic.ticket;
CREATE FUNCTION clinic.note(what text) RETURNS void LANGUAGE sql AS 'INSERT INTO back.journal(what) VALUES ($1)';
CREATE FUNCTION clinic.noted(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM clinic.note('n' || x); RETURN x; END $$;
CREATE FUNCTION clinic.age_of(p clinic.patients) RETURNS int LANGUAGE sql STABLE AS 'SELECT 2024 - extract(year FROM $1.born)::int';
CREATE FUNCTION clinic.town_of(who int) RETURNS text LANGUAGE sql STABLE AS 'SELECT town FROM clinic.patients WHERE id = who';
CREATE FUNCTION clinic.mail(p clinic.patients) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1.email';
CREATE FUNCTION clinic.touch(d clinic.doctors) RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE back.stock SET n = n - 1 WHERE id = 1; RETURN 1; END $$;
CREATE FUNCTION clinic.near(a int, b int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT abs(a - b) < 3';
CREATE OPERATOR clinic.~=~ (LEFTARG = int, RIGHTARG = int, FUNCTION = clinic.near);
CREATE FUNCTION clinic.spy(a int, b int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO back.journal(what) VALUES ('spy'); RETURN a = b; END $$;
CREATE OPERATOR clinic.=!= (LEFTARG = int, RIGHTARG = int, FUNCTION = clinic.spy);
CREATE FUNCTION clinic.wages(g clinic.grade) RETURNS SETOF clinic.doctors LANGUAGE sql STABLE AS 'SELECT * FROM clinic.doctors WHERE grade = g';
CREATE FUNCTION clinic.pairs() RETURNS TABLE(who text, what int) LANGUAGE sql STABLE AS 'SELECT p.name, v.cost FROM clinic.patients p JOIN clinic.visits v ON v.patient_id = p.id';
CREATE PROCEDURE clinic.close_day(d date) LANGUAGE plpgsql AS $$ BEGIN UPDATE clinic.visits SET paid = true WHERE at::date = d; END $$;
CREATE FUNCTION clinic.add_up(state int, x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce(state, 0) + coalesce(x, 0)';
CREATE AGGREGATE clinic.total(int) (SFUNC = clinic.add_up, STYPE = int);
CREATE FUNCTION clinic.add_and_note(state int, x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO back.journal(what) VALUES ('agg'); RETURN x; END $$;
CREATE AGGREGATE clinic.bad_total(int) (SFUNC = clinic.add_and_note, STYPE = int);
CREATE FUNCTION clinic.on_visit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO back.journal(what) VALUES (tg_op); RETURN coalesce(new, old); END $$;
CREATE TABLE clinic.watched(id int PRIMARY KEY, n int); CREATE TRIGGER w AFTER INSERT OR UPDATE OR DELETE ON clinic.watched FOR EACH ROW EXECUTE FUNCTION clinic.on_visit();
INSERT INTO clinic.watched SELECT g, g FROM generate_series(1, 6) g;
CREATE TABLE clinic.quiet(id int PRIMARY KEY, n int); CREATE TRIGGER q AFTER INSERT ON clinic.quiet FOR EACH ROW EXECUTE FUNCTION clinic.on_visit(); ALTER TABLE clinic.quiet DISABLE TRIGGER q;
CREATE TABLE clinic.late(id int PRIMARY KEY); CREATE CONSTRAINT TRIGGER l AFTER DELETE ON clinic.late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION clinic.on_visit();
INSERT INTO clinic.late SELECT g FROM generate_series(1, 6) g;
CREATE TABLE clinic.ruled(id int); CREATE RULE r AS ON INSERT TO clinic.ruled DO ALSO UPDATE back.stock SET n = n + 1 WHERE id = 2;
CREATE TABLE clinic.inst(id int); CREATE RULE ri AS ON DELETE TO clinic.inst DO INSTEAD DELETE FROM back.stock WHERE id = old.id; INSERT INTO clinic.inst VALUES (1), (2);
CREATE VIEW clinic.v_inst AS SELECT id, n FROM back.stock; CREATE FUNCTION clinic.instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM clinic.watched WHERE id = old.id; RETURN old; END $$;
CREATE TRIGGER vi INSTEAD OF DELETE ON clinic.v_inst FOR EACH ROW EXECUTE FUNCTION clinic.instead();
CREATE TABLE clinic.fed(id int PRIMARY KEY DEFAULT nextval('clinic.ticket'), x int DEFAULT clinic.noted(1));
CREATE TABLE clinic.guarded(id int PRIMARY KEY, owner text); INSERT INTO clinic.guarded VALUES (1, 'a'), (2, 'b'); ALTER TABLE clinic.guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON clinic.guarded USING (clinic.noted(id) > 0);
CREATE DOMAIN clinic.watched_text AS text CHECK (clinic.noted(length(VALUE)) > 0);
CREATE VIEW clinic.v_evil AS SELECT clinic.noted(7) AS n;
CREATE FUNCTION clinic.to_grade(int) RETURNS clinic.grade LANGUAGE plpgsql AS $$ BEGIN INSERT INTO back.journal(what) VALUES ('cast'); RETURN 'junior'; END $$;
CREATE CAST (int AS clinic.grade) WITH FUNCTION clinic.to_grade(int);
