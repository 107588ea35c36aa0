/* Parses with PostgreSQL's grammar and copies the raw tree into an arena: see tree.h. */
#include "command/postgres/tree.h"

#include <string.h>

#include "command/postgres/arena.h"
#include "command/postgres/grammar_enums.h"
#include "command/postgres/tokens.h"
#include "pg_query.h"
#include "pg_query_internal.h"
#include "pg_query_fields.h"
#include <postgres.h>
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "mb/pg_wchar.h"
#include "nodes/bitmapset.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "nodes/value.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "utils/memutils.h"

extern __thread sig_atomic_t pg_query_initialized;
extern void pg_query_free_top_memory_context(MemoryContext context);

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), "grammar_enums.h is out of date")
SAME(LG_AEXPR_OP, AEXPR_OP);
SAME(LG_AEXPR_OP_ANY, AEXPR_OP_ANY);
SAME(LG_AEXPR_OP_ALL, AEXPR_OP_ALL);
SAME(LG_AEXPR_DISTINCT, AEXPR_DISTINCT);
SAME(LG_AEXPR_NOT_DISTINCT, AEXPR_NOT_DISTINCT);
SAME(LG_AEXPR_NULLIF, AEXPR_NULLIF);
SAME(LG_AEXPR_IN, AEXPR_IN);
SAME(LG_AEXPR_LIKE, AEXPR_LIKE);
SAME(LG_AEXPR_ILIKE, AEXPR_ILIKE);
SAME(LG_AEXPR_SIMILAR, AEXPR_SIMILAR);
SAME(LG_AEXPR_BETWEEN, AEXPR_BETWEEN);
SAME(LG_AEXPR_NOT_BETWEEN, AEXPR_NOT_BETWEEN);
SAME(LG_AEXPR_BETWEEN_SYM, AEXPR_BETWEEN_SYM);
SAME(LG_AEXPR_NOT_BETWEEN_SYM, AEXPR_NOT_BETWEEN_SYM);
SAME(LG_AND, AND_EXPR);
SAME(LG_OR, OR_EXPR);
SAME(LG_NOT, NOT_EXPR);
SAME(LG_SUBLINK_EXISTS, EXISTS_SUBLINK);
SAME(LG_SUBLINK_ALL, ALL_SUBLINK);
SAME(LG_SUBLINK_ANY, ANY_SUBLINK);
SAME(LG_SUBLINK_ROWCOMPARE, ROWCOMPARE_SUBLINK);
SAME(LG_SUBLINK_EXPR, EXPR_SUBLINK);
SAME(LG_SUBLINK_MULTIEXPR, MULTIEXPR_SUBLINK);
SAME(LG_SUBLINK_ARRAY, ARRAY_SUBLINK);
SAME(LG_SETOP_UNION, SETOP_UNION);
SAME(LG_SETOP_EXCEPT, SETOP_EXCEPT);
SAME(LG_IS_NULL, IS_NULL);
SAME(LG_IS_NOT_NULL, IS_NOT_NULL);
SAME(LG_IS_TRUE, IS_TRUE);
SAME(LG_IS_NOT_UNKNOWN, IS_NOT_UNKNOWN);
SAME(LG_CMD_SELECT, CMD_SELECT);
SAME(LG_CMD_UPDATE, CMD_UPDATE);
SAME(LG_CMD_INSERT, CMD_INSERT);
SAME(LG_CMD_DELETE, CMD_DELETE);
SAME(LG_ONCONFLICT_NOTHING, ONCONFLICT_NOTHING);
SAME(LG_ONCONFLICT_UPDATE, ONCONFLICT_UPDATE);
SAME(LG_DROP_CASCADE, DROP_CASCADE);
SAME(LG_OBJECT_MATVIEW, OBJECT_MATVIEW);
SAME(LG_OBJECT_SCHEMA, OBJECT_SCHEMA);
SAME(LG_NOT_MATCHED_BY_SOURCE, MERGE_WHEN_NOT_MATCHED_BY_SOURCE);

/* What one conversion knows. `out` of the generated code is a pointer to the node being filled. */
typedef struct Build {
  LgArena* arena;
  int depth;
  int depth_max;
  enum LgStatus status;
} Build;

typedef struct Filler {
  Build* build;
  LgNode* node;
  LgField* last;
} Filler;

pg_noreturn static void fail(Build* build, enum LgStatus status) {
  build->status = status;
  ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX), errmsg_internal("not converted")));
}

static void* take(Build* build, size_t bytes) {
  void* taken = lg_arena_take(build->arena, bytes);
  if (taken == NULL) fail(build, LG_NO_MEMORY);
  return taken;
}

static LgNode* new_node(Build* build, int tag) {
  LgNode* node = take(build, sizeof(LgNode));
  node->tag = (uint16_t)tag;
  node->first = NULL;
  return node;
}

static LgField* add_field(Filler* filler, int id, enum LgKind kind) {
  LgField* field = take(filler->build, sizeof(LgField));
  field->next = NULL;
  field->id = (uint16_t)id;
  field->kind = (uint16_t)kind;
  if (filler->last == NULL) {
    filler->node->first = field;
  } else {
    filler->last->next = field;
  }
  filler->last = field;
  return field;
}

static void add_number(Filler* filler, int id, int64_t number) { add_field(filler, id, LG_NUMBER)->as.number = number; }

static void add_text(Filler* filler, int id, const char* text) {
  size_t bytes = strlen(text) + 1;
  char* copy = take(filler->build, bytes);
  memcpy(copy, text, bytes);
  LgText* field = &add_field(filler, id, LG_TEXT)->as.text;
  field->bytes = (uint32_t)(bytes - 1);
  field->start = copy;
}

static const LgNode* convert(Build* build, const void* obj);

static void add_list(Filler* filler, int id, const List* list) {
  Build* build = filler->build;
  LgField* field = add_field(filler, id, LG_LIST);
  const LgNode** items = take(build, sizeof(LgNode*) * (size_t)list->length);
  field->as.list.count = (uint32_t)list->length;
  field->as.list.items = items;
  for (int i = 0; i < list->length; i++) {
    items[i] =
        IsA(list, List) ? (list->elements[i].ptr_value ? convert(build, list->elements[i].ptr_value) : NULL) : NULL;
  }
}

#define OUT_TYPE(typename, typename_c) Filler*
/* Where a node stands in the text decides nothing, and nearly every node says it. */
#define IS_POSITION(id)                                                                              \
  ((id) == F_location || (id) == F_list_start || (id) == F_list_end || (id) == F_rexpr_list_start || \
   (id) == F_rexpr_list_end || (id) == F_stmt_location || (id) == F_stmt_len)
#define WRITE_INT_FIELD(msgtype, outname, outname_json, fldname) \
  if (!IS_POSITION(F_##fldname) && node->fldname != 0) add_number(out, F_##fldname, (int64_t)node->fldname);
#define WRITE_UINT_FIELD WRITE_INT_FIELD
#define WRITE_UINT64_FIELD WRITE_INT_FIELD
#define WRITE_LONG_FIELD WRITE_INT_FIELD
#define WRITE_CHAR_FIELD WRITE_INT_FIELD
#define WRITE_BOOL_FIELD WRITE_INT_FIELD
#define WRITE_ENUM_FIELD(msgtype, enumtype, outname, outname_json, fldname) \
  WRITE_INT_FIELD(msgtype, outname, outname_json, fldname)
/* Floating point appears in planner nodes only, which raw parsing never makes. */
#define WRITE_FLOAT_FIELD WRITE_INT_FIELD
#define WRITE_BITMAPSET_FIELD(msgtype, outname, outname_json, fldname) \
  if (node->fldname != NULL) fail(out->build, LG_UNKNOWN_NODE);
#define WRITE_STRING_FIELD(msgtype, outname, outname_json, fldname) \
  if (node->fldname != NULL) add_text(out, F_##fldname, node->fldname);
#define WRITE_LIST_FIELD(msgtype, outname, outname_json, fldname)        \
  if (node->fldname != NULL && ((const List*)node->fldname)->length > 0) \
    add_list(out, F_##fldname, (const List*)node->fldname);
#define WRITE_NODE_FIELD(msgtype, outname, outname_json, fldname) \
  add_field(out, F_##fldname, LG_NODE)->as.node = convert(out->build, &node->fldname);
#define WRITE_NODE_PTR_FIELD(msgtype, outname, outname_json, fldname) \
  if (node->fldname != NULL) {                                        \
    const LgNode* child = convert(out->build, node->fldname);         \
    add_field(out, F_##fldname, LG_NODE)->as.node = child;            \
  }
#define WRITE_SPECIFIC_NODE_PTR_FIELD(msgtype, typename, typename_underscore, outname, outname_json, fldname) \
  WRITE_NODE_PTR_FIELD(msgtype, outname, outname_json, fldname)
/* An embedded base struct carries the tag of the outer node: name its own. */
#define WRITE_SPECIFIC_NODE_FIELD(msgtype, typename, typename_underscore, outname, outname_json, fldname) \
  {                                                                                                       \
    Filler inner = {out->build, new_node(out->build, T_##typename), NULL};                                \
    _out##typename(&inner, &node->fldname);                                                               \
    add_field(out, F_##fldname, LG_NODE)->as.node = inner.node;                                           \
  }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#include "pg_query_outfuncs_defs.c"
#pragma GCC diagnostic pop

static void _outList(Filler* out, const List* node) {
  if (node->length > 0) add_list(out, F_own, node);
}
#define _outIntList _outList
#define _outOidList _outList
static void _outInteger(Filler* out, const Integer* node) { add_number(out, F_own, node->ival); }
static void _outBoolean(Filler* out, const Boolean* node) { add_number(out, F_own, node->boolval); }
static void _outFloat(Filler* out, const Float* node) { add_text(out, F_own, node->fval); }
static void _outString(Filler* out, const String* node) { add_text(out, F_own, node->sval); }
static void _outBitString(Filler* out, const BitString* node) { add_text(out, F_own, node->bsval); }
/* An A_Const's value is a node of its own kind under F_own; NULL has none. */
static void _outAConst(Filler* out, const A_Const* node) {
  if (!node->isnull) {
    const LgNode* value = convert(out->build, &node->val);
    add_field(out, F_own, LG_NODE)->as.node = value;
  }
}

#define OUT_NODE(typename, typename_c, typename_underscore, typename_underscore_upcase, typename_cast, fldname) \
  _out##typename_c(&out, (const typename_cast*)obj)

/* Kept out of line so that the frame of one level stays small. */
static void fill(Filler* filler, const void* obj) {
  Filler out = *filler;
  switch ((int)nodeTag(obj)) {
#include "pg_query_outfuncs_conds.c"
    default:
      fail(out.build, LG_UNKNOWN_NODE);
  }
}

static const LgNode* convert(Build* build, const void* obj) {
  check_stack_depth();
  if (++build->depth > build->depth_max) fail(build, LG_TOO_DEEP);
  Filler filler = {build, new_node(build, (int)nodeTag(obj)), NULL};
  fill(&filler, obj);
  build->depth--;
  return filler.node;
}

/* libpg_query's own initialiser makes a new thread key for every thread, which exhausts the process's keys; ours leaves
 * the end of a thread to lg_thread_end. */
void lg_begin_thread(void) {
  if (pg_query_initialized != 0) return;
  pg_query_initialized = 1;
  MemoryContextInit();
  SetDatabaseEncoding(PG_UTF8);
}

void lg_thread_end(void) {
  lg_arena_thread_end();
  if (pg_query_initialized == 0 || TopMemoryContext == NULL) return;
  pg_query_free_top_memory_context(TopMemoryContext);
  pg_query_initialized = 0;
}

static List* parse(const char* sql) {
  backslash_quote = BACKSLASH_QUOTE_SAFE_ENCODING;
  standard_conforming_strings = true;
  escape_string_warning = false;
  return raw_parser(sql, RAW_PARSE_DEFAULT);
}

static void note_error(LgTree* tree, Build* build) {
  ErrorData* error = CopyErrorData();
  tree->position = error->cursorpos;
  if (build->status != LG_OK) {
    tree->status = build->status;
  } else {
    tree->status = error->sqlerrcode == ERRCODE_STATEMENT_TOO_COMPLEX ? LG_TOO_DEEP : LG_SYNTAX;
  }
  FlushErrorState();
}

void lg_tree_parse(const char* sql, int depth_max, LgTree* tree) {
  memset(tree, 0, sizeof *tree);
  LgArena* arena = lg_arena_new();
  if (arena == NULL) {
    tree->status = LG_NO_MEMORY;
    return;
  }
  tree->arena = arena;
  Build build = {arena, 0, depth_max, LG_OK};
  lg_begin_thread();
  MemoryContext context = pg_query_enter_memory_context();
  PG_TRY();
  {
    List* list = parse(sql);
    LgNode* root = new_node(&build, T_List);
    Filler filler = {&build, root, NULL};
    if (list != NULL && list->length > 0) {
      add_list(&filler, F_own, list);
      tree->statements = root->first->as.list;
    }
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    note_error(tree, &build);
  }
  PG_END_TRY();
  pg_query_exit_memory_context(context);
}

int lg_raw_parse_only(const char* sql) {
  volatile int ok = 0;
  lg_begin_thread();
  MemoryContext context = pg_query_enter_memory_context();
  PG_TRY();
  { ok = parse(sql) != NULL; }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    FlushErrorState();
  }
  PG_END_TRY();
  pg_query_exit_memory_context(context);
  return ok;
}

void lg_tree_free(LgTree* tree) {
  lg_arena_free((LgArena*)tree->arena);
  memset(tree, 0, sizeof *tree);
}
