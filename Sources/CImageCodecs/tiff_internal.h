// Shared by the parts of the TIFF codec.

#ifndef C_IMAGE_CODECS_TIFF_INTERNAL_H
#define C_IMAGE_CODECS_TIFF_INTERNAL_H

#include "internal.h"

#include <tiffio.h>

// What one strip, one row of tiles, or one allocation of libtiff may take: an image of 16 bits and
// 179 million pixels in one strip, which is far less than a damaged file may ask for.
enum { ci_tiff_largest_block = 1 << 30 };

/// One file being read, to its first page.
typedef struct tiff_reader {
  const uint8_t *bytes;
  uint64_t count, position;
  TIFF *tiff;
  int has_ended, has_failed;
  /// libtiff's first error.
  char reason[200];
  ci_header header;
  ci_source source;
  uint16_t photometric, bits, samples;
  /// Samples that are colours; more are alpha or something else.
  uint16_t colors;
  int is_planar, is_premultiplied;
  /// The colours of a palette, of 16 bits.
  uint16_t *map[3];
  /// The rows of a strip or of tiles beside each other, one plane after the other, and one tile.
  uint8_t *band, *tile;
  /// A row with a byte per sample, and what becomes of it: RGB, RGBA or CMYK.
  uint8_t *unpacked, *row;
} tiff_reader;

/// The error of libtiff, else `reason`.
ci_status ci_tiff_fail(const tiff_reader *reader, const char *reason);

/// The number of pages. Thumbnails and masks are not counted, except if the first page is one.
uint32_t ci_tiff_count_pages(const tiff_reader *reader);

/// Whether strips or tiles have a possible size that can be held in memory.
ci_status ci_tiff_check_rows(tiff_reader *reader);

/// Decodes all rows.
ci_status ci_tiff_put_rows(tiff_reader *reader, const ci_sink *sink);

#endif
