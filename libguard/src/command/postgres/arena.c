#include "command/postgres/arena.h"

#include <stdlib.h>

/* One statement of a common size fits the first block. */
enum { kBlockBytes = 8 * 1024 };

typedef struct Block {
  struct Block* next;
} Block;

struct LgArena {
  Block* blocks;
  char* at;
  size_t left;
};

/* The first block of the arena that this thread freed last: asking malloc for 8 KiB and giving it back for every
 * statement costs about as much as parsing a small one. */
static __thread Block* spare;

static Block* new_block(size_t size) {
  if (size == kBlockBytes && spare != NULL) {
    Block* block = spare;
    spare = NULL;
    return block;
  }
  return (Block*)malloc(sizeof(Block) + 16 + size);
}

LgArena* lg_arena_new(void) { return (LgArena*)calloc(1, sizeof(LgArena)); }

void* lg_arena_take(LgArena* arena, size_t bytes) {
  bytes = (bytes + 15) & ~(size_t)15;
  if (bytes > arena->left) {
    size_t size = bytes > kBlockBytes ? bytes : kBlockBytes;
    Block* block = new_block(size);
    if (block == NULL) return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->at = (char*)block + 16;
    arena->left = size;
  }
  void* taken = arena->at;
  arena->at += bytes;
  arena->left -= bytes;
  return taken;
}

void lg_arena_free(LgArena* arena) {
  if (arena == NULL) return;
  while (arena->blocks != NULL) {
    Block* block = arena->blocks;
    arena->blocks = block->next;
    /* The first block was made for a node, so it has the common size. */
    if (arena->blocks == NULL && spare == NULL) {
      spare = block;
    } else {
      free(block);
    }
  }
  free(arena);
}

void lg_arena_thread_end(void) {
  free(spare);
  spare = NULL;
}
