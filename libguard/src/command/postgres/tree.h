/* The boundary to libpg_query, in C: PostgreSQL's raw parse tree as a neutral tree in an arena of our own.
 *
 * PostgreSQL's errors are longjmp, so its parser and its tree are touched by C files only, inside PG_TRY; C++ reads the
 * neutral copy. The copy is made field by field from libpg_query's own generated node definitions: every node kind and
 * every field is carried, positions in the text apart; a node kind without a definition fails the whole parse. */
#ifndef LIBGUARD_COMMAND_POSTGRES_TREE_H
#define LIBGUARD_COMMAND_POSTGRES_TREE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum LgKind { LG_NODE, LG_LIST, LG_TEXT, LG_NUMBER };

typedef struct LgNode LgNode;

/* Lists hold NULL where PostgreSQL's list does (a DISTINCT without expressions, an omitted subscript). */
typedef struct LgList {
  uint32_t count;
  const LgNode* const* items;
} LgList;

typedef struct LgText {
  uint32_t bytes;
  const char* start;
} LgText;

typedef struct LgField {
  const struct LgField* next;
  uint16_t id;   /* PgField */
  uint16_t kind; /* LgKind */
  union {
    const LgNode* node;
    LgList list;
    LgText text;
    int64_t number;
  } as;
} LgField;

/* Fields whose value is zero, NULL or an empty list are absent. An empty string is present. */
struct LgNode {
  uint16_t tag; /* NodeTag of PostgreSQL 18 */
  const LgField* first;
};

enum LgStatus {
  LG_OK,
  LG_SYNTAX,   /* PostgreSQL's grammar refuses it */
  LG_TOO_DEEP, /* nested past the depth limit, or past what the stack holds */
  LG_UNKNOWN_NODE,
  LG_NO_MEMORY
};

typedef struct LgTree {
  LgList statements; /* RawStmt */
  void* arena;
  enum LgStatus status;
  int position; /* LG_SYNTAX: 1-based character of the error, 0 when unknown */
} LgTree;

/* `sql` ends in a zero byte and holds no other; valid UTF-8. Thread-safe. Never raises. Free with lg_tree_free. */
void lg_tree_parse(const char* sql, int depth_max, LgTree* tree);
void lg_tree_free(LgTree* tree);
/* Raw grammar alone, for measuring. */
int lg_raw_parse_only(const char* sql);
/* Called once by each thread that parsed, when it ends. */
void lg_thread_end(void);

#ifdef __cplusplus
}
#endif
#endif
