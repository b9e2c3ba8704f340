#include "internal.h"

#include <stdlib.h>
#include <string.h>

// Windows' BITMAPINFOHEADER to BITMAPV5HEADER, and OS/2's BITMAPCOREHEADER. No library that
// distributions have reads all of it and notices where data is missing.

enum { file_header = 14, largest_palette = 256 };
enum { rgb_data = 0, rle8_data = 1, rle4_data = 2, masked_data = 3, alpha_masked_data = 6 };

/// Where the bits of a channel are in a pixel.
typedef struct bmp_channel {
  uint32_t mask;
  unsigned shift;
} bmp_channel;

typedef struct bmp_reader {
  const uint8_t *bytes;
  size_t count;
  ci_header header;
  ci_source source;
  int is_top_down;
  unsigned bits, compression;
  /// Offset of the pixels.
  size_t pixels;
  unsigned palette_count;
  uint8_t palette[largest_palette][3];
  /// Red, green, blue and alpha of 16 and 32 bits.
  bmp_channel channels[4];
  /// Palette indices of a compressed row, and RGBA or RGB.
  uint8_t *indices, *row;
} bmp_reader;

static uint32_t number_16(const uint8_t *bytes) { return bytes[0] | (uint32_t)bytes[1] << 8; }

static uint32_t number_32(const uint8_t *bytes) {
  return number_16(bytes) | number_16(bytes + 2) << 16;
}

static ci_status truncated(void) { return ci_fail(CI_TRUNCATED, "the data ends early"); }

static ci_status misplaced(void) { return ci_fail(CI_FAILED, "pixels that begin in the header"); }

// MARK: Header

static bmp_channel channel_of(uint32_t mask) {
  bmp_channel channel = {mask, 0};
  while (mask && !(mask & 1)) {
    mask >>= 1;
    channel.shift++;
  }
  return channel;
}

/// The masks follow a header of 40 bytes, and belong to longer ones.
static ci_status read_masks(bmp_reader *reader, size_t size) {
  int is_masked = reader->compression == masked_data || reader->compression == alpha_masked_data;
  uint32_t masks[4] = {0xFF0000, 0xFF00, 0xFF, 0};
  if (reader->bits == 16) {
    masks[0] = 0x7C00;
    masks[1] = 0x3E0;
    masks[2] = 0x1F;
  }
  if (is_masked) {
    int has_alpha = size >= 56 || reader->compression == alpha_masked_data;
    size_t count = has_alpha ? 4 : 3;
    size_t end = file_header + 40 + 4 * count;
    if (end > reader->count) return truncated();
    for (size_t index = 0; index < count; index++) {
      masks[index] = number_32(reader->bytes + file_header + 40 + 4 * index);
    }
    if (reader->pixels < end) return misplaced();
  }
  for (int index = 0; index < 4; index++) reader->channels[index] = channel_of(masks[index]);
  reader->header.has_alpha = masks[3] != 0;
  return CI_OK;
}

static ci_status read_palette(bmp_reader *reader, size_t start, size_t entry_size, uint32_t used) {
  uint32_t most = 1u << reader->bits;
  reader->palette_count = used && used < most ? used : most;
  size_t room = (reader->pixels - start) / entry_size;
  // OS/2's header has no number of colours, and some programs write fewer of them.
  if (entry_size == 3 && room > 0 && room < most) reader->palette_count = (unsigned)room;
  if (room < reader->palette_count) return misplaced();
  if (reader->palette_count > (reader->count - start) / entry_size) return truncated();
  for (unsigned index = 0; index < reader->palette_count; index++) {
    const uint8_t *entry = reader->bytes + start + index * entry_size;
    for (int channel = 0; channel < 3; channel++) {
      reader->palette[index][channel] = entry[2 - channel];
    }
  }
  return CI_OK;
}

/// BITMAPV5HEADER's embedded profile, which usually follows the pixels.
static ci_status read_profile(bmp_reader *reader, size_t size) {
  const uint8_t *info = reader->bytes + file_header;
  if (size < 124 || memcmp(info + 56, "DEBM", 4) != 0) return CI_OK;
  size_t offset = number_32(info + 112), count = number_32(info + 116);
  size_t end = reader->count - file_header;
  if (offset > end || count > end - offset) return truncated();
  reader->source.profile = info + offset;
  reader->source.profile_count = count;
  return CI_OK;
}

static ci_status read_size(bmp_reader *reader, size_t size) {
  const uint8_t *info = reader->bytes + file_header;
  int64_t width, height;
  if (size == 12) {
    width = number_16(info + 4);
    height = number_16(info + 6);
    reader->bits = number_16(info + 10);
  } else {
    width = (int32_t)number_32(info + 4);
    height = (int32_t)number_32(info + 8);
    reader->bits = number_16(info + 14);
    reader->compression = size >= 20 ? number_32(info + 16) : rgb_data;
  }
  reader->is_top_down = height < 0;
  if (height < 0) height = -height;
  if (width < 1 || height < 1) return ci_fail(CI_FAILED, "a side of zero");
  reader->header.width = (uint32_t)width;
  reader->header.height = (uint32_t)height;
  return CI_OK;
}

static ci_status check_kind(const bmp_reader *reader) {
  unsigned bits = reader->bits;
  switch (reader->compression) {
  case rgb_data:
    if (bits == 1 || bits == 2 || bits == 4 || bits == 8) return CI_OK;
    if (bits == 16 || bits == 24 || bits == 32) return CI_OK;
    return ci_fail(CI_FAILED, "a number of bits that no program writes");
  case masked_data:
  case alpha_masked_data:
    if (bits == 16 || bits == 32) return CI_OK;
    return ci_fail(CI_FAILED, "masks without 16 or 32 bits");
  case rle8_data:
  case rle4_data:
    if (bits == (reader->compression == rle8_data ? 8 : 4) && !reader->is_top_down) return CI_OK;
    return ci_fail(CI_FAILED, "run lengths without 4 or 8 bits, or top down");
  default:
    return ci_fail(CI_FAILED, "compressed data of a printer");
  }
}

static ci_status open_reader(bmp_reader *reader, const uint8_t *bytes, size_t count) {
  *reader = (bmp_reader){
      .bytes = bytes, .count = count, .header.orientation = 1, .source.space = CI_SPACE_RGB};
  if (count < file_header + 4) return truncated();
  size_t size = number_32(bytes + file_header);
  if (size != 12 && (size < 16 || size > 1024)) return ci_fail(CI_FAILED, "an unknown header");
  if (count < file_header + size) return truncated();
  reader->pixels = number_32(bytes + 10);
  if (reader->pixels < file_header + size) return misplaced();

  ci_status status = read_size(reader, size);
  if (status == CI_OK) status = check_kind(reader);
  if (status == CI_OK && reader->bits > 8) status = read_masks(reader, size);
  if (status == CI_OK && reader->bits <= 8) {
    uint32_t used = size >= 36 ? number_32(bytes + file_header + 32) : 0;
    status = read_palette(reader, file_header + size, size == 12 ? 3 : 4, used);
  }
  if (status == CI_OK && reader->pixels > count) status = truncated();
  return status == CI_OK ? read_profile(reader, size) : status;
}

// MARK: Rows

static void color_indices(const bmp_reader *reader, const uint8_t *indices) {
  for (uint32_t x = 0; x < reader->header.width; x++) {
    static const uint8_t black[3] = {0};
    unsigned index = indices[x];
    memcpy(
        reader->row + 3 * (size_t)x, index < reader->palette_count ? reader->palette[index] : black,
        3);
  }
}

static void unpack_indices(const bmp_reader *reader, const uint8_t *packed) {
  unsigned bits = reader->bits, mask = (1u << bits) - 1;
  for (size_t x = 0; x < reader->header.width; x++) {
    size_t bit = x * bits;
    reader->indices[x] = (uint8_t)(packed[bit / 8] >> (8 - bits - bit % 8) & mask);
  }
}

static uint8_t sample(bmp_channel channel, uint32_t pixel) {
  uint64_t most = channel.mask >> channel.shift;
  if (!most) return 0;
  return (uint8_t)(((uint64_t)(pixel & channel.mask) >> channel.shift) * 255 / most);
}

/// A row of 16 or 32 bits to RGB or RGBA.
static void unpack_channels(const bmp_reader *reader, const uint8_t *packed) {
  size_t size = reader->bits / 8, count = reader->header.has_alpha ? 4 : 3;
  uint8_t *target = reader->row;
  for (uint32_t x = 0; x < reader->header.width; x++, packed += size, target += count) {
    uint32_t pixel = size == 2 ? number_16(packed) : number_32(packed);
    for (size_t index = 0; index < count; index++) {
      target[index] = sample(reader->channels[index], pixel);
    }
  }
}

static void unpack_24(const bmp_reader *reader, const uint8_t *packed) {
  for (size_t x = 0; x < reader->header.width; x++) {
    for (size_t channel = 0; channel < 3; channel++) {
      reader->row[3 * x + channel] = packed[3 * x + 2 - channel];
    }
  }
}

static void put_row(bmp_reader *reader, const ci_sink *sink, uint32_t number) {
  uint32_t y = reader->is_top_down ? number : reader->header.height - 1 - number;
  ci_sink_put_rows(sink, y, 1, &reader->row);
}

static ci_status put_rows(bmp_reader *reader, const ci_sink *sink) {
  // Rows fill whole groups of four bytes.
  uint64_t stride = ((uint64_t)reader->header.width * reader->bits + 31) / 32 * 4;
  if (stride * reader->header.height > reader->count - reader->pixels) return truncated();
  const uint8_t *packed = reader->bytes + reader->pixels;
  for (uint32_t y = 0; y < reader->header.height; y++, packed += stride) {
    switch (reader->bits) {
    case 24: unpack_24(reader, packed); break;
    case 16:
    case 32: unpack_channels(reader, packed); break;
    default:
      unpack_indices(reader, packed);
      color_indices(reader, reader->indices);
    }
    put_row(reader, sink, y);
  }
  return CI_OK;
}

// MARK: Run lengths

/// The place of the next index within the compressed rows. Indices to the right of a row are dropped.
typedef struct bmp_pen {
  bmp_reader *reader;
  const ci_sink *sink;
  uint32_t x, y;
} bmp_pen;

static void pen_put(bmp_pen *pen, uint8_t index) {
  if (pen->x < pen->reader->header.width) pen->reader->indices[pen->x++] = index;
}

/// Finishes the row, and `count - 1` empty ones. What no run covers has the index 0.
static void pen_finish_rows(bmp_pen *pen, uint32_t count) {
  for (; count && pen->y < pen->reader->header.height; count--, pen->y++) {
    color_indices(pen->reader, pen->reader->indices);
    put_row(pen->reader, pen->sink, pen->y);
    memset(pen->reader->indices, 0, pen->reader->header.width);
  }
}

/// `count` indices, each a byte or half of one; a run repeats its byte.
static void pen_put_indices(bmp_pen *pen, const uint8_t *data, unsigned count, int is_run) {
  for (unsigned index = 0; index < count; index++) {
    if (pen->reader->bits == 8) {
      pen_put(pen, data[is_run ? 0 : index]);
    } else {
      uint8_t pair = data[is_run ? 0 : index / 2];
      pen_put(pen, index % 2 ? pair & 15 : pair >> 4);
    }
  }
}

/// Whether the runs cover the last row. Some programs write no end after it.
static int pen_is_done(bmp_pen *pen) {
  if (pen->x == pen->reader->header.width) pen_finish_rows(pen, 1);
  return pen->y >= pen->reader->header.height;
}

static ci_status put_runs(bmp_reader *reader, const ci_sink *sink) {
  bmp_pen pen = {reader, sink, 0, 0};
  const uint8_t *next = reader->bytes + reader->pixels;
  size_t remaining = reader->count - reader->pixels;
  memset(reader->indices, 0, reader->header.width);
  // A pair is a run, or zero and what to do: end a row (0), end (1), skip (2), or so many indices.
  for (;;) {
    if (remaining < 2) return pen_is_done(&pen) ? CI_OK : truncated();
    unsigned count = next[0], code = next[1];
    size_t used = 2;
    if (count) {
      pen_put_indices(&pen, next + 1, count, 1);
    } else if (code == 0) {
      pen_finish_rows(&pen, 1);
      pen.x = 0;
    } else if (code == 1) {
      pen_finish_rows(&pen, reader->header.height);
      return CI_OK;
    } else if (code == 2) {
      if (remaining < 4) return truncated();
      pen_finish_rows(&pen, next[3]);
      uint64_t x = (uint64_t)pen.x + next[2];
      pen.x = x < reader->header.width ? (uint32_t)x : reader->header.width;
      used = 4;
    } else {
      size_t bytes = reader->bits == 8 ? code : (code + 1) / 2;
      used = 2 + (bytes + 1) / 2 * 2;
      if (remaining < used) return truncated();
      pen_put_indices(&pen, next + 2, code, 0);
    }
    next += used;
    remaining -= used;
  }
}

// MARK: Entry points

ci_status ci_bmp_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context) {
  bmp_reader reader;
  ci_status status = open_reader(&reader, bytes, count);
  if (status != CI_OK) return status;
  *header = reader.header;
  ci_describe_colors(&reader.source, header, visit, context);
  return CI_OK;
}

ci_status ci_bmp_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,
    uint8_t *alpha) {
  (void)denominator;
  bmp_reader reader;
  ci_status status = open_reader(&reader, bytes, count);
  if (status != CI_OK) return status;
  ci_sink sink;
  status = ci_sink_open(
      &sink, reader.header, &reader.source, reader.header.has_alpha, rgb, capacity, alpha);
  if (status == CI_OK) {
    reader.indices = malloc(reader.header.width);
    reader.row = malloc((size_t)reader.header.width * 4);
    if (!reader.indices || !reader.row) status = ci_fail(CI_FAILED, "out of memory");
  }
  if (status == CI_OK) {
    int has_runs = reader.compression == rle8_data || reader.compression == rle4_data;
    status = has_runs ? put_runs(&reader, &sink) : put_rows(&reader, &sink);
  }
  ci_sink_close(&sink);
  free(reader.indices);
  free(reader.row);
  return status;
}
