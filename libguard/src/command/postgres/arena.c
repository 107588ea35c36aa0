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

LgArena* lg_arena_new(void) { return (LgArena*)calloc(1, sizeof(LgArena)); }

void* lg_arena_take(LgArena* arena, size_t bytes) {
  bytes = (bytes + 15) & ~(size_t)15;
  if (bytes > arena->left) {
    size_t size = bytes > kBlockBytes ? bytes : kBlockBytes;
    Block* block = (Block*)malloc(sizeof(Block) + 16 + size);
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
    free(block);
  }
  free(arena);
}
