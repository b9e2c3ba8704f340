#ifdef CI_BUILT_WITH_TIFF

#include "tiff_internal.h"

#include <stdlib.h>
#include <string.h>

/// The rows that are decoded together: a strip, or the tiles beside each other.
typedef struct tiff_band {
  uint32_t height, tiles;
  size_t planes, stride;
  /// Bytes of a row of one tile, and of the tile.
  size_t tile_stride, tile_size;
} tiff_band;

// MARK: Bands

/// Whether a side of a tile is one that programs write. A tile may be larger than a small image.
static int is_usual(uint32_t tile_side, uint32_t side) {
  enum { usual_side = 4096, step = 16 };
  return tile_side > 0 && (tile_side <= usual_side || tile_side < (uint64_t)side + step);
}

static ci_status measure(tiff_reader *reader, tiff_band *band) {
  TIFF *tiff = reader->tiff;
  *band = (tiff_band){.planes = reader->is_planar ? reader->samples : 1};
  uint32_t width = reader->header.width, height = reader->header.height;
  if (TIFFIsTiled(tiff)) {
    uint32_t tile_width = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &band->height);
    uint64_t tile_size = TIFFTileSize64(tiff), tile_stride = TIFFTileRowSize64(tiff);
    if (!is_usual(tile_width, width) || !is_usual(band->height, height) || !tile_stride
        || tile_size > ci_tiff_largest_block || tile_size < tile_stride * band->height) {
      return ci_tiff_fail(reader, "tiles of an impossible size");
    }
    band->tiles = width / tile_width + (width % tile_width != 0);
    band->tile_size = tile_size;
    band->tile_stride = tile_stride;
    band->stride = band->tiles * tile_stride;
  } else {
    if (!TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &band->height) || !band->height) {
      return ci_tiff_fail(reader, "strips without rows");
    }
    band->stride = TIFFScanlineSize64(tiff);
  }
  // No more than the image has of its last strip or tiles.
  if (band->height > height) band->height = height;
  uint64_t samples = reader->is_planar ? 1 : reader->samples;
  if ((uint64_t)width * samples * reader->bits > (uint64_t)band->stride * 8) {
    return ci_tiff_fail(reader, "rows of an impossible size");
  }
  if (band->stride > ci_tiff_largest_block / band->planes / band->height) {
    return ci_fail(CI_FAILED, "strips or tiles of more than 1 GiB");
  }
  return CI_OK;
}

static ci_status allocate(tiff_reader *reader, const tiff_band *band) {
  size_t width = reader->header.width;
  reader->band = calloc(band->height * band->planes, band->stride);
  reader->unpacked = malloc(width * reader->samples);
  reader->row = malloc(width * 4);
  if (band->tiles) reader->tile = malloc(band->tile_size);
  int is_complete =
      reader->band && reader->unpacked && reader->row && (!band->tiles || reader->tile);
  return is_complete ? CI_OK : ci_fail(CI_FAILED, "out of memory");
}

/// Whether the data of a strip or tile is in the file.
static int is_complete(tiff_reader *reader, uint32_t index) {
  uint64_t offset = TIFFGetStrileOffset(reader->tiff, index);
  uint64_t count = TIFFGetStrileByteCount(reader->tiff, index);
  if (offset <= reader->count && count <= reader->count - offset) return 1;
  reader->has_ended = 1;
  return 0;
}

/// Decodes the tiles of a plane that begin at row `y` into its part of the band.
static ci_status read_tiles(
    tiff_reader *reader, const tiff_band *band, uint32_t y, uint16_t plane, uint8_t *rows) {
  uint32_t tile_width = 0;
  TIFFGetField(reader->tiff, TIFFTAG_TILEWIDTH, &tile_width);
  for (uint32_t column = 0; column < band->tiles; column++) {
    uint32_t index = TIFFComputeTile(reader->tiff, column * tile_width, y, 0, plane);
    if (!is_complete(reader, index)) return ci_tiff_fail(reader, "");
    tmsize_t size = (tmsize_t)band->tile_size;
    if (TIFFReadEncodedTile(reader->tiff, index, reader->tile, size) != size) {
      return ci_tiff_fail(reader, "a tile that ends early");
    }
    for (uint32_t row = 0; row < band->height; row++) {
      memcpy(
          rows + row * band->stride + column * band->tile_stride,
          reader->tile + row * band->tile_stride, band->tile_stride);
    }
  }
  return CI_OK;
}

/// Decodes the strip of a plane that begins at row `y`, and has `count` rows.
static ci_status read_strip(
    tiff_reader *reader, const tiff_band *band, uint32_t y, uint32_t count, uint16_t plane,
    uint8_t *rows) {
  uint32_t index = TIFFComputeStrip(reader->tiff, y, plane);
  if (!is_complete(reader, index)) return ci_tiff_fail(reader, "");
  tmsize_t size = (tmsize_t)(count * band->stride);
  if (TIFFReadEncodedStrip(reader->tiff, index, rows, size) != size) {
    return ci_tiff_fail(reader, "a strip that ends early");
  }
  return CI_OK;
}

// MARK: Rows

/// Writes the samples of a plane, 1 to 16 bits each, as bytes `step` apart. Fewer than 8 bits are
/// spread to 0 to 255, unless they are indices.
static void unpack(
    const tiff_reader *reader, const uint8_t *packed, size_t count, uint8_t *target, size_t step) {
  unsigned bits = reader->bits;
  if (bits == 16) {
    for (size_t index = 0; index < count; index++) {
      uint16_t value;
      memcpy(&value, packed + 2 * index, 2);
      target[index * step] = (uint8_t)(value >> 8);
    }
    return;
  }
  unsigned most = (1u << bits) - 1;
  unsigned factor = reader->photometric == PHOTOMETRIC_PALETTE ? 1 : 255 / most;
  for (size_t index = 0; index < count; index++) {
    size_t bit = index * bits;
    unsigned value = packed[bit / 8] >> (8 - bits - bit % 8) & most;
    target[index * step] = (uint8_t)(value * factor);
  }
}

static void color_row(tiff_reader *reader) {
  size_t channels = reader->colors == 4 || reader->header.has_alpha ? 4 : 3;
  const uint8_t *sample = reader->unpacked;
  uint8_t *pixel = reader->row;
  for (uint32_t x = 0; x < reader->header.width; x++) {
    switch (reader->photometric) {
    case PHOTOMETRIC_PALETTE:
      for (int channel = 0; channel < 3; channel++) {
        pixel[channel] = (uint8_t)(reader->map[channel][sample[0]] >> 8);
      }
      break;
    case PHOTOMETRIC_MINISWHITE: memset(pixel, 255 - sample[0], 3); break;
    case PHOTOMETRIC_MINISBLACK: memset(pixel, sample[0], 3); break;
    default: memcpy(pixel, sample, reader->colors);
    }
    if (reader->header.has_alpha) pixel[3] = sample[reader->colors];
    sample += reader->samples;
    pixel += channels;
  }
  if (reader->is_premultiplied) ci_divide_by_alpha(reader->row, reader->header.width);
}

static void put_row(
    tiff_reader *reader, const tiff_band *band, const ci_sink *sink, uint32_t y, uint32_t row) {
  size_t width = reader->header.width, samples = reader->samples;
  for (size_t plane = 0; plane < band->planes; plane++) {
    const uint8_t *packed = reader->band + (plane * band->height + row) * band->stride;
    if (reader->is_planar) {
      unpack(reader, packed, width, reader->unpacked + plane, samples);
    } else {
      unpack(reader, packed, width * samples, reader->unpacked, 1);
    }
  }
  color_row(reader);
  ci_sink_put_rows(sink, y, 1, &reader->row);
}

ci_status ci_tiff_check_rows(tiff_reader *reader) {
  tiff_band band;
  return measure(reader, &band);
}

ci_status ci_tiff_put_rows(tiff_reader *reader, const ci_sink *sink) {
  tiff_band band;
  ci_status status = measure(reader, &band);
  if (status == CI_OK) status = allocate(reader, &band);
  uint32_t height = reader->header.height, count;
  for (uint32_t y = 0; status == CI_OK && y < height; y += count) {
    count = height - y < band.height ? height - y : band.height;
    for (uint16_t plane = 0; status == CI_OK && plane < band.planes; plane++) {
      uint8_t *rows = reader->band + plane * band.height * band.stride;
      status = band.tiles ? read_tiles(reader, &band, y, plane, rows)
                          : read_strip(reader, &band, y, count, plane, rows);
    }
    // Some codecs report damage and go on.
    if (status == CI_OK && reader->has_failed) status = ci_tiff_fail(reader, "");
    for (uint32_t row = 0; status == CI_OK && row < count; row++) {
      put_row(reader, &band, sink, y + row, row);
    }
  }
  return status;
}

#endif
