#ifdef CI_BUILT_WITH_TIFF

#include "tiff_internal.h"

// TIFF 6.0 section 2, and BigTIFF: directories of pages are a list. libtiff would check each of them
// as a whole, and fail at the first that is damaged.

/// The number at an offset; 0: it is outside the file.
static uint64_t number_at(const tiff_reader *reader, uint64_t offset, unsigned size) {
  if (offset > reader->count || size > reader->count - offset) return 0;
  int is_big_endian = reader->bytes[0] == 'M';
  uint64_t value = 0;
  for (unsigned index = 0; index < size; index++) {
    unsigned place = is_big_endian ? index : size - 1 - index;
    value = value << 8 | reader->bytes[offset + place];
  }
  return value;
}

static int is_big_tiff(const tiff_reader *reader) { return number_at(reader, 2, 2) == 43; }

/// The offset of the directory after another one; 0: that is the last.
static uint64_t next_directory(const tiff_reader *reader, uint64_t directory) {
  int is_big = is_big_tiff(reader);
  uint64_t entries = number_at(reader, directory, is_big ? 8 : 2);
  // More entries than bytes cannot be.
  if (entries > reader->count) return 0;
  uint64_t end = directory + (is_big ? 8 + 20 * entries : 2 + 12 * entries);
  return number_at(reader, end, is_big ? 8 : 4);
}

/// Whether a directory is that of a page. NewSubfileType (254) and SubfileType (255) have the lowest
/// numbers, and entries are sorted.
static int is_page(const tiff_reader *reader, uint64_t directory) {
  enum { subfile_type = 254, old_subfile_type = 255, short_type = 3, reduced = 2 };
  int is_big = is_big_tiff(reader);
  uint64_t entry = directory + (is_big ? 8 : 2);
  unsigned size = number_at(reader, entry + 2, 2) == short_type ? 2 : 4;
  uint64_t value = number_at(reader, entry + (is_big ? 12 : 8), size);
  switch (number_at(reader, entry, 2)) {
  case subfile_type: return !(value & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK));
  case old_subfile_type: return value != reduced;
  default: return number_at(reader, directory, is_big ? 8 : 2) > 0;
  }
}

uint32_t ci_tiff_count_pages(const tiff_reader *reader) {
  uint64_t first = is_big_tiff(reader) ? number_at(reader, 8, 8) : number_at(reader, 4, 4);
  uint64_t directory = next_directory(reader, first), slower = first;
  uint32_t pages = 1;
  // In a list that leads back to itself, the slower of two readers is met again.
  for (int is_even = 1; directory && directory != slower; is_even = !is_even) {
    if (is_page(reader, directory)) pages++;
    directory = next_directory(reader, directory);
    if (is_even) slower = next_directory(reader, slower);
  }
  return pages;
}

#endif
