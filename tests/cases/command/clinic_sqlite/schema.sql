-- The same clinic in SQLite.
CREATE TABLE patients(id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, ssn TEXT, born TEXT, town TEXT, info TEXT, active INT DEFAULT 1);
CREATE TABLE visits(id INTEGER PRIMARY KEY, patient_id INT REFERENCES patients(id) ON DELETE CASCADE, doctor TEXT, cost INT, at TEXT, notes TEXT, paid INT);
CREATE TABLE codes(code TEXT PRIMARY KEY, label TEXT) WITHOUT ROWID;
CREATE TABLE journal(id INTEGER PRIMARY KEY, what TEXT);
CREATE TABLE watched(id INTEGER PRIMARY KEY, n INT);
CREATE TABLE gen(a INT, b INT GENERATED ALWAYS AS (a * 2) VIRTUAL, c TEXT);
CREATE TABLE strict_t(k INTEGER PRIMARY KEY, v TEXT) STRICT;
CREATE TRIGGER tw AFTER UPDATE ON watched BEGIN INSERT INTO journal(what) VALUES ('w' || new.n); END;
CREATE VIEW v_p AS SELECT id, name, email AS contact FROM patients WHERE active;
CREATE VIEW v_b AS SELECT v.id, p.contact, v.cost FROM visits v JOIN v_p p ON p.id = v.patient_id;
CREATE VIEW v_w AS SELECT id, n FROM watched;
CREATE TRIGGER ti INSTEAD OF DELETE ON v_w BEGIN DELETE FROM watched WHERE id = old.id; END;
CREATE VIRTUAL TABLE docs USING fts5(title, body);
INSERT INTO patients WITH RECURSIVE g(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM g WHERE x<20) SELECT x,'pat'||x,'p'||x||'@m','900-'||x,date('1950-01-01','+'||(x*400)||' days'),CASE x%3 WHEN 0 THEN 'york' WHEN 1 THEN 'bath' ELSE 'ely' END,'{"kin":"k'||x||'","list":['||x||',2]}',x%7<>0 FROM g;
INSERT INTO visits WITH RECURSIVE g(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM g WHERE x<40) SELECT x,1+x%20,'dr'||(x%4),10+x*7%90,'2024-03-'||(10+x%20),'note '||x,x%3=0 FROM g;
INSERT INTO codes VALUES('a','A'),('b','B'); INSERT INTO watched VALUES(1,1),(2,2),(3,3); INSERT INTO gen(a,c) VALUES(1,'x'),(2,'y'); INSERT INTO docs VALUES('t1','body one'),('t2','two');
