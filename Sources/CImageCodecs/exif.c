#include "internal.h"

#include <string.h>

static unsigned read_16(const uint8_t *bytes, int big_endian) {
  unsigned first = bytes[0], second = bytes[1];
  return big_endian ? first << 8 | second : second << 8 | first;
}

static uint32_t read_32(const uint8_t *bytes, int big_endian) {
  uint32_t first = read_16(bytes, big_endian), second = read_16(bytes + 2, big_endian);
  return big_endian ? first << 16 | second : second << 16 | first;
}

// EXIF 2.32 sections 4.5 and 4.6.2: a TIFF header of 8 bytes, then at the offset it gives a count
// and that many entries of 12 bytes: tag, type, number of values, value.
int ci_exif_orientation(const uint8_t *tiff, size_t count) {
  enum { orientation_tag = 0x0112, short_type = 3, entry_size = 12 };
  if (count < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0)) return 1;
  int big_endian = tiff[0] == 'M';
  size_t directory = read_32(tiff + 4, big_endian);
  if (directory > count - 2) return 1;
  unsigned entries = read_16(tiff + directory, big_endian);
  size_t fitting = (count - directory - 2) / entry_size;
  for (size_t index = 0; index < entries && index < fitting; index++) {
    const uint8_t *entry = tiff + directory + 2 + index * entry_size;
    if (read_16(entry, big_endian) != orientation_tag) continue;
    unsigned value = read_16(entry + 8, big_endian);
    int is_valid = read_16(entry + 2, big_endian) == short_type && value >= 1 && value <= 8;
    return is_valid ? (int)value : 1;
  }
  return 1;
}
