/* A bump allocator that lives outside PostgreSQL's memory contexts, so that a tree outlives the parse. */
#ifndef LIBGUARD_COMMAND_POSTGRES_ARENA_H
#define LIBGUARD_COMMAND_POSTGRES_ARENA_H

#include <stddef.h>

typedef struct LgArena LgArena;

/* NULL without memory. */
LgArena* lg_arena_new(void);
void* lg_arena_take(LgArena* arena, size_t bytes);
void lg_arena_free(LgArena* arena);
/* Frees what this thread keeps for its next arena. */
void lg_arena_thread_end(void);

#endif
