#ifdef CI_BUILT_WITH_HEIF

#include "heif_boxes.h"

#include <string.h>

typedef struct box {
  const uint8_t *kind, *body;
  uint64_t size, body_size;
} box;

static uint64_t number(const uint8_t *bytes, int size) {
  uint64_t value = 0;
  for (int index = 0; index < size; index++) value = value << 8 | bytes[index];
  return value;
}

/// Reads the box at the start of `bytes`. One of an impossible size takes all of them. Returns 0 if it
/// ends later than they do.
static int read_box(const uint8_t *bytes, uint64_t count, box *box) {
  if (count < 8) return 0;
  uint64_t size = number(bytes, 4), head = 8;
  if (size == 1) {
    if (count < 16) return 0;
    size = number(bytes + 8, 8) & ~(1ull << 63);
    head = 16;
  }
  if (size < head) size = count;
  if (size > count) return 0;
  box->kind = bytes + 4;
  box->body = bytes + head;
  box->size = size;
  box->body_size = size - head;
  return 1;
}

int ci_boxes_are_whole(const uint8_t *bytes, uint64_t count) {
  box box;
  for (uint64_t start = 0; start < count; start += box.size) {
    if (!read_box(bytes + start, count - start, &box)) return 0;
  }
  return 1;
}

/// ISO/IEC 14496-12 section 8.7.3: a sample table has the number of its samples at this offset.
enum { samples_offset = 8 };

/// The boxes around the sizes of a track's samples.
static const char *const path[] = {"moov", "trak", "mdia", "minf", "stbl"};
enum { depth = sizeof path / sizeof *path };

static uint32_t count_samples(const uint8_t *bytes, uint64_t count, int level) {
  uint32_t most = 0;
  box box;
  for (uint64_t start = 0; start < count && read_box(bytes + start, count - start, &box);
       start += box.size) {
    uint32_t samples = 0;
    if (level < depth) {
      if (memcmp(box.kind, path[level], 4) == 0) {
        samples = count_samples(box.body, box.body_size, level + 1);
      }
    } else if (memcmp(box.kind, "stsz", 4) == 0 || memcmp(box.kind, "stz2", 4) == 0) {
      int has_number = box.body_size >= samples_offset + 4;
      if (has_number) samples = (uint32_t)number(box.body + samples_offset, 4);
    }
    if (samples > most) most = samples;
  }
  return most;
}

uint32_t ci_boxes_count_samples(const uint8_t *bytes, uint64_t count) {
  return count_samples(bytes, count, 0);
}

#endif
