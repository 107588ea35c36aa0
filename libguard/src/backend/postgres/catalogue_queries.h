#pragma once
// The guard's own reading of the system catalogues. Lists come as JSON text, because a name may hold any character.
// {loaded} stands for the relations that are loaded: those of the configured schemas, everything that they reach or
// that reaches them by view, foreign key or inheritance in other schemas (a cascade does not stop at a schema), the
// system's own, and, marked as beyond, those of all other schemas, because the body of a function may name any.

namespace libguard::backend::postgres::queries {

inline constexpr const char* kLoaded = R"sql(
WITH RECURSIVE edge AS MATERIALIZED (
  SELECT r.ev_class AS source, d.refobjid AS target FROM pg_rewrite r JOIN pg_depend d
    ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    WHERE d.refobjid <> r.ev_class
  UNION SELECT confrelid, conrelid FROM pg_constraint WHERE contype = 'f'
  UNION SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f'
  UNION SELECT inhparent, inhrelid FROM pg_inherits
  UNION SELECT inhrelid, inhparent FROM pg_inherits),
reached(oid) AS (
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ({schemas}::text[])
  UNION SELECT edge.target FROM reached JOIN edge ON edge.source = reached.oid),
other AS MATERIALIZED (
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_(toast|temp)'
    AND c.oid NOT IN (SELECT oid FROM reached) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  ORDER BY c.oid LIMIT 10000),
loaded AS MATERIALIZED (
  SELECT c.*, n.nspname, n.nspname IN ('pg_catalog', 'information_schema') AS system,
    c.oid IN (SELECT oid FROM other) AS beyond
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
    AND (c.oid IN (SELECT oid FROM reached UNION ALL SELECT oid FROM other)
         OR n.nspname IN ('pg_catalog', 'information_schema')))
)sql";

inline constexpr const char* kRelations = R"sql(
SELECT oid, nspname, relname, relkind, system, relrowsecurity,
  CASE WHEN relkind IN ('v', 'm') AND NOT system THEN pg_get_viewdef(oid) ELSE '' END, beyond,
  (SELECT s.srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = loaded.oid)
FROM loaded ORDER BY nspname, relname)sql";

// What the server computes whenever a row is written. Lists of expressions come as the server prints them.
inline constexpr const char* kChecks = R"sql(
SELECT k.conrelid, pg_get_expr(k.conbin, k.conrelid) FROM pg_constraint k JOIN loaded ON loaded.oid = k.conrelid
  WHERE k.contype = 'c' AND NOT loaded.system
UNION ALL SELECT i.indrelid, pg_get_expr(e.expression, i.indrelid) FROM loaded JOIN pg_index i ON i.indrelid = loaded.oid,
  LATERAL (VALUES (i.indexprs), (i.indpred)) AS e(expression) WHERE e.expression IS NOT NULL AND NOT loaded.system
UNION ALL SELECT p.partrelid, pg_get_expr(p.partexprs, p.partrelid) FROM loaded
  JOIN pg_partitioned_table p ON p.partrelid = loaded.oid WHERE p.partexprs IS NOT NULL)sql";

inline constexpr const char* kPolicies = R"sql(
SELECT p.polrelid, p.polname, CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
    WHEN 'd' THEN 'delete' ELSE 'all' END,
  NOT p.polpermissive, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
FROM loaded JOIN pg_policy p ON p.polrelid = loaded.oid ORDER BY p.polrelid, p.polname)sql";

inline constexpr const char* kColumns = R"sql(
SELECT a.attrelid, a.attname, CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname::text ELSE tn.nspname || '.' || t.typname END,
  a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a', a.attnum,
  (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)
FROM loaded JOIN pg_attribute a ON a.attrelid = loaded.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
ORDER BY a.attrelid, a.attnum)sql";

// Of a table with inheritance children an index promises nothing about their rows; of an operator class that is not
// the type's default, "equal" may mean something else than = does.
inline constexpr const char* kKeys = R"sql(
SELECT i.indrelid,
  (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts)::text,
  (SELECT bool_and(a.attnotnull) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.n <= i.indnkeyatts)
FROM loaded JOIN pg_index i ON i.indrelid = loaded.oid
WHERE i.indisunique AND i.indisvalid AND i.indisready AND i.indislive AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
  AND NOT loaded.system
  AND NOT (loaded.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = loaded.oid))
  AND NOT EXISTS (SELECT FROM unnest(i.indclass::oid[]) o JOIN pg_opclass oc ON oc.oid = o WHERE NOT oc.opcdefault)
ORDER BY i.indrelid, i.indexrelid)sql";

// Until PostgreSQL 14 a partition's copy of its parent's trigger counts as internal: what is really internal calls the
// server's own functions.
inline constexpr const char* kTriggers = R"sql(
SELECT g.tgrelid, g.tgname, pn.nspname || '.' || p.proname, g.tgtype, g.tgisinternal AND pn.nspname = 'pg_catalog',
  g.tgenabled,
  (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(g.tgattr::int2[]) WITH ORDINALITY AS k(attnum, n)
     JOIN pg_attribute a ON a.attrelid = g.tgrelid AND a.attnum = k.attnum)::text,
  CASE WHEN g.tgqual IS NOT NULL OR g.tgnewtable IS NOT NULL OR g.tgoldtable IS NOT NULL THEN pg_get_triggerdef(g.oid) END
FROM loaded JOIN pg_trigger g ON g.tgrelid = loaded.oid JOIN pg_proc p ON p.oid = g.tgfoid
JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE g.tgenabled <> 'D' ORDER BY g.tgrelid, g.tgname)sql";

inline constexpr const char* kEventTriggers = R"sql(
SELECT e.evtname, pn.nspname || '.' || p.proname, e.evtevent, e.evtenabled
FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE e.evtenabled <> 'D' ORDER BY e.evtname)sql";

inline constexpr const char* kRules = R"sql(
SELECT r.ev_class, CASE r.ev_type WHEN '1' THEN 'select' WHEN '2' THEN 'update' WHEN '3' THEN 'insert' ELSE 'delete' END,
  r.rulename, r.is_instead, r.ev_qual::text <> '<>', r.ev_enabled, pg_get_ruledef(r.oid)
FROM loaded JOIN pg_rewrite r ON r.ev_class = loaded.oid
WHERE NOT (r.ev_type = '1' AND r.rulename = '_RETURN') AND NOT loaded.system AND r.ev_enabled <> 'D' ORDER BY r.ev_class, r.ev_type)sql";

inline constexpr const char* kDepends = R"sql(
SELECT DISTINCT r.ev_class, n.nspname || '.' || c.relname
FROM loaded JOIN pg_rewrite r ON r.ev_class = loaded.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.refobjid <> r.ev_class AND NOT loaded.system ORDER BY 1, 2)sql";

inline constexpr const char* kInherits = R"sql(
SELECT h.inhparent, h.inhrelid, p.nspname || '.' || p.relname, c.nspname || '.' || c.relname
FROM pg_inherits h JOIN loaded p ON p.oid = h.inhparent JOIN loaded c ON c.oid = h.inhrelid
ORDER BY h.inhparent, h.inhseqno, h.inhrelid)sql";

inline constexpr const char* kForeignKeys = R"sql(
SELECT f.nspname || '.' || f.relname, t.nspname || '.' || t.relname, k.confdeltype, k.confupdtype,
  (SELECT json_agg(a.attname ORDER BY o.n) FROM unnest(k.conkey) WITH ORDINALITY AS o(attnum, n)
     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.attnum)::text,
  (SELECT json_agg(a.attname ORDER BY o.n) FROM unnest(k.confkey) WITH ORDINALITY AS o(attnum, n)
     JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.attnum)::text
FROM pg_constraint k JOIN loaded f ON f.oid = k.conrelid JOIN loaded t ON t.oid = k.confrelid
WHERE k.contype = 'f' ORDER BY 1, 2, k.oid)sql";

// The digest covers what a body is made of in any language; the aggregate's parts are in its own row's xmin.
inline constexpr const char* kFunctions = R"sql(
SELECT p.oid, n.nspname, p.proname,
  (SELECT coalesce(json_agg(CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname::text ELSE tn.nspname || '.' || t.typname END
     ORDER BY a.n), '[]') FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, n)
     JOIN pg_type t ON t.oid = a.type JOIN pg_namespace tn ON tn.oid = t.typnamespace)::text,
  CASE WHEN rn.nspname = 'pg_catalog' THEN rt.typname::text ELSE rn.nspname || '.' || rt.typname END,
  p.pronargdefaults, p.provariadic <> 0, p.prokind, p.provolatile, p.prosecdef, p.proretset, l.lanname,
  encode(sha256(convert_to(concat_ws(' ', p.prosrc, p.probin, p.prosqlbody::text, p.proconfig::text, p.xmin::text), 'UTF8')), 'hex'),
  p.proisstrict,
  CASE WHEN p.prokind = 'a' OR l.lanname NOT IN ('sql', 'plpgsql') THEN NULL
    WHEN p.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(p.oid)
    WHEN octet_length(p.prosrc) <= {bytes} THEN p.prosrc END,
  p.prosqlbody IS NOT NULL,
  (SELECT coalesce(json_agg(CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname::text ELSE tn.nspname || '.' || t.typname END
     ORDER BY a.n), '[]') FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS a(type, n)
     JOIN pg_type t ON t.oid = a.type JOIN pg_namespace tn ON tn.oid = t.typnamespace)::text,
  array_to_json(p.proargnames)::text, array_to_string(p.proargmodes::text[], ''),
  pg_get_expr(p.proargdefaults, 0), array_to_json(p.proconfig)::text,
  (SELECT json_agg(DISTINCT fn.nspname || '.' || f.proname)
     FROM pg_aggregate g, unnest(ARRAY[g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn,
       g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn]::oid[]) AS part(oid)
     JOIN pg_proc f ON f.oid = part.oid JOIN pg_namespace fn ON fn.oid = f.pronamespace WHERE g.aggfnoid = p.oid)::text
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
JOIN pg_type rt ON rt.oid = p.prorettype JOIN pg_namespace rn ON rn.oid = rt.typnamespace
WHERE p.oid >= 16384 OR n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY n.nspname, p.proname, p.oid)sql";

inline constexpr const char* kOperators = R"sql(
SELECT n.nspname, o.oprname,
  (SELECT CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname::text ELSE tn.nspname || '.' || t.typname END FROM pg_type t
     JOIN pg_namespace tn ON tn.oid = t.typnamespace WHERE t.oid = o.oprleft),
  (SELECT CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname::text ELSE tn.nspname || '.' || t.typname END FROM pg_type t
     JOIN pg_namespace tn ON tn.oid = t.typnamespace WHERE t.oid = o.oprright),
  pn.nspname || '.' || p.proname
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
LEFT JOIN pg_proc p ON p.oid = o.oprcode LEFT JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE o.oid >= 16384 ORDER BY n.nspname, o.oprname, o.oid)sql";

inline constexpr const char* kCasts = R"sql(
SELECT CASE WHEN sn.nspname = 'pg_catalog' THEN s.typname::text ELSE sn.nspname || '.' || s.typname END,
  CASE WHEN tn.nspname = 'pg_catalog' THEN t.typname::text ELSE tn.nspname || '.' || t.typname END,
  pn.nspname || '.' || p.proname, c.castcontext
FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_namespace sn ON sn.oid = s.typnamespace
JOIN pg_type t ON t.oid = c.casttarget JOIN pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_proc p ON p.oid = c.castfunc LEFT JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE c.oid >= 16384 ORDER BY 1, 2)sql";

// Row types of tables are not listed: they are the tables. Array types are their element's.
// A composite type with a checked domain somewhere in it counts as checked.
inline constexpr const char* kTypes = R"sql(
WITH RECURSIVE checked(oid) AS (
  SELECT k.contypid FROM pg_constraint k WHERE k.contypid <> 0 AND k.contype = 'c'
  UNION SELECT t.oid FROM checked JOIN pg_type t ON t.typbasetype = checked.oid OR t.typelem = checked.oid
    OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.atttypid = checked.oid
                                    AND a.attnum > 0 AND NOT a.attisdropped)))
SELECT n.nspname || '.' || t.typname, t.oid IN (SELECT oid FROM checked)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE t.oid >= 16384 AND n.nspname !~ '^pg_(toast|temp_)' AND t.typcategory <> 'A'
  AND (t.typtype <> 'c' OR c.relkind = 'c') ORDER BY 1)sql";

inline constexpr const char* kDomains = R"sql(
SELECT n.nspname || '.' || t.typname, CASE WHEN bn.nspname = 'pg_catalog' THEN b.typname::text ELSE bn.nspname || '.' || b.typname END,
  (SELECT json_agg(pg_get_expr(k.conbin, 0) ORDER BY k.oid) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')::text,
  pg_get_expr(t.typdefaultbin, 0)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype
JOIN pg_namespace bn ON bn.oid = b.typnamespace WHERE t.typtype = 'd' AND t.oid >= 16384 ORDER BY 1)sql";

}  // namespace libguard::backend::postgres::queries
