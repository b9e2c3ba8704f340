#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/// One file being read. Lives in the frame of the function that called the one with `setjmp`, so
/// that its contents are defined after the jump.
typedef struct png_reader {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t count, position;
  ci_status status;
  int profile_is_damaged;
  ci_source source;
  ci_sink sink;
  /// One row, or all rows of an interlaced image.
  uint8_t *rows;
} png_reader;

// MARK: What libpng calls

static void fail(png_structp png, png_const_charp message) {
  png_reader *reader = png_get_error_ptr(png);
  reader->status = ci_fail(reader->status, message);
  png_longjmp(png, 1);
}

// libpng skips a damaged profile with a warning that names the chunk.
static void note_warning(png_structp png, png_const_charp message) {
  png_reader *reader = png_get_error_ptr(png);
  if (strncmp(message, "iCCP", 4) == 0) reader->profile_is_damaged = 1;
}

static void read_bytes(png_structp png, png_bytep destination, size_t count) {
  png_reader *reader = png_get_io_ptr(png);
  if (count > reader->count - reader->position) {
    reader->status = CI_TRUNCATED;
    png_error(png, "the data ends early");
  }
  memcpy(destination, reader->bytes + reader->position, count);
  reader->position += count;
}

// MARK: Reading

/// The chunk of H.273 codes, which libpng knows since 1.6.45.
static const char coding_chunk[] = "cICP";

// PNG specification section 5.3: length, name, data, checksum.
enum { signature = 8, overhead = 12 };

/// Whether a chunk is longer than the rest of the file: any, or only one before the pixels. libpng would
/// reserve memory for all of it.
static int has_cut_chunk(const png_reader *reader, int before_pixels) {
  size_t offset = signature;
  while (offset < reader->count && reader->count - offset >= overhead) {
    const uint8_t *chunk = reader->bytes + offset;
    size_t size = png_get_uint_32(chunk);
    int is_pixels = memcmp(chunk + 4, "IDAT", 4) == 0;
    if ((is_pixels && before_pixels) || memcmp(chunk + 4, "IEND", 4) == 0) return 0;
    if (size > reader->count - offset - overhead) return !is_pixels;
    offset += overhead + size;
  }
  return 0;
}

static ci_status open_reader(
    png_reader *reader, const uint8_t *bytes, size_t count, int only_header) {
  *reader = (png_reader){.bytes = bytes, .count = count, .status = CI_FAILED};
  if (has_cut_chunk(reader, only_header)) return ci_fail(CI_TRUNCATED, "the data ends early");
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, fail, note_warning);
  if (reader->png) reader->info = png_create_info_struct(reader->png);
  if (!reader->info) return ci_fail(CI_FAILED, "libpng did not start");
  png_set_read_fn(reader->png, reader, read_bytes);
  png_set_keep_unknown_chunks(
      reader->png, PNG_HANDLE_CHUNK_ALWAYS, (png_const_bytep)coding_chunk, 1);
  png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // A damaged chunk is an error even if libpng does not need it: it may be transparency.
  png_set_crc_action(reader->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  return CI_OK;
}

static void close_reader(png_reader *reader) {
  ci_sink_close(&reader->sink);
  free(reader->rows);
  png_destroy_read_struct(&reader->png, &reader->info, NULL);
}

/// The data of the first chunk of a name, anywhere or only before the pixels; NULL: there is none.
/// libpng checks its checksum while it decodes.
static const uint8_t *find_chunk(
    const png_reader *reader, const char *name, int before_pixels, size_t *size) {
  size_t offset = signature;
  while (offset < reader->count && reader->count - offset >= overhead) {
    const uint8_t *chunk = reader->bytes + offset;
    *size = png_get_uint_32(chunk);
    if (*size > reader->count - offset - overhead) return NULL;
    if (memcmp(chunk + 4, name, 4) == 0) return chunk + 8;
    if (before_pixels && memcmp(chunk + 4, "IDAT", 4) == 0) return NULL;
    offset += overhead + *size;
  }
  return NULL;
}

/// The frames of an APNG (PNG specification, third edition, section 11.3.4). Without a frame control
/// before them, the pixels are an image besides the animation.
static uint32_t count_frames(const png_reader *reader) {
  size_t size = 0;
  const uint8_t *animation = find_chunk(reader, "acTL", 1, &size);
  if (!animation || size != 8) return 1;
  uint32_t frames = png_get_uint_32(animation);
  return find_chunk(reader, "fcTL", 1, &size) ? frames : frames + 1;
}

static ci_header read_header(png_reader *reader) {
  png_structp png = reader->png;
  png_read_info(png, reader->info);
  // EXIF may follow the pixels. libpng would read it only after them.
  size_t exif_size = 0;
  const uint8_t *exif = find_chunk(reader, "eXIf", 0, &exif_size);
  return (ci_header){
      .width = png_get_image_width(png, reader->info),
      .height = png_get_image_height(png, reader->info),
      .orientation = exif ? ci_exif_orientation(exif, exif_size) : 1,
      .has_alpha = png_get_color_type(png, reader->info) & PNG_COLOR_MASK_ALPHA
          || png_get_valid(png, reader->info, PNG_INFO_tRNS),
      .frames = count_frames(reader)};
}

/// The gAMA of an image without a better statement; 0: it has none.
static uint32_t read_gamma(const png_reader *reader) {
  png_fixed_point gamma = 0;
  const ci_source *source = &reader->source;
  if (source->profile || source->profile_is_damaged || source->primaries) return 0;
  if (png_get_valid(reader->png, reader->info, PNG_INFO_sRGB)) return 0;
  return png_get_gAMA_fixed(reader->png, reader->info, &gamma) && gamma > 0 ? (uint32_t)gamma : 0;
}

/// The cHRM of an image of other primaries than sRGB's, and its gAMA. With sRGB's primaries, a gAMA is
/// only named: many programs have written wrong ones.
static void read_chromaticities(png_reader *reader) {
  static const double srgb[8] = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};
  static const double rounding = 0.005;
  if (png_get_valid(reader->png, reader->info, PNG_INFO_sRGB)) return;
  double xy[8], greatest = 0;
  if (!png_get_cHRM(
          reader->png, reader->info, xy, xy + 1, xy + 2, xy + 3, xy + 4, xy + 5, xy + 6, xy + 7)) {
    return;
  }
  for (int index = 0; index < 8; index++) greatest = fmax(greatest, fabs(xy[index] - srgb[index]));
  if (greatest <= rounding) return;
  memcpy(reader->source.chromaticities, xy, sizeof xy);
  uint32_t gamma = read_gamma(reader);
  reader->source.gamma = gamma ? 100000.0 / gamma : 0;
}

/// PNG specification (third edition) section 11.3.2: cICP goes before iCCP, and iCCP before the rest.
static void read_source(png_reader *reader) {
  ci_source *source = &reader->source;
  int is_colored = png_get_color_type(reader->png, reader->info) & PNG_COLOR_MASK_COLOR;
  source->space = is_colored ? CI_SPACE_RGB : CI_SPACE_GREY;
  png_unknown_chunkp chunks = NULL;
  int count = png_get_unknown_chunks(reader->png, reader->info, &chunks);
  for (int index = 0; index < count; index++) {
    if (memcmp(chunks[index].name, coding_chunk, 4) != 0 || chunks[index].size != 4) continue;
    source->primaries = chunks[index].data[0];
    source->transfer = chunks[index].data[1];
    return;
  }
  png_charp name = NULL;
  png_bytep profile = NULL;
  png_uint_32 profile_count = 0;
  int compression = 0;
  if (png_get_iCCP(
          reader->png, reader->info, &name, &compression, &profile, &profile_count)) {
    source->profile = profile;
    source->profile_count = profile_count;
  } else if (reader->profile_is_damaged) {
    source->profile_is_damaged = 1;
  } else if (is_colored) {
    read_chromaticities(reader);
  }
}

static ci_status read_pixels(
    png_reader *reader, ci_header header, uint8_t *rgb, size_t capacity, uint8_t *alpha) {
  read_source(reader);
  png_structp png = reader->png;
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_gray_to_rgb(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  int has_alpha = png_get_channels(png, reader->info) == 4;
  ci_status status =
      ci_sink_open(&reader->sink, header, &reader->source, has_alpha, rgb, capacity, alpha);
  if (status != CI_OK) return status;
  size_t row_size = png_get_rowbytes(png, reader->info);

  // Each pass of an interlaced image fills in pixels between those of earlier passes.
  uint32_t rows_kept = passes > 1 ? header.height : 1;
  reader->rows = calloc(rows_kept, row_size);
  if (!reader->rows) return ci_fail(CI_FAILED, "out of memory");
  for (int pass = 1; pass <= passes; pass++) {
    for (uint32_t y = 0; y < header.height; y++) {
      uint8_t *row = reader->rows + y % rows_kept * row_size;
      png_read_row(png, row, NULL);
      if (pass < passes) continue;
      ci_sink_put_rows(&reader->sink, y, 1, &row);
    }
  }
  png_read_end(png, reader->info);
  return CI_OK;
}

static ci_status read_text(png_reader *reader, ci_text_visitor visit, void *context) {
  png_structp png = reader->png;
  uint32_t height = read_header(reader).height;
  // Text may follow the pixels, so these are read too, into one row.
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  reader->rows = malloc(png_get_rowbytes(png, reader->info));
  if (!reader->rows) return ci_fail(CI_FAILED, "out of memory");
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < height; y++) png_read_row(png, reader->rows, NULL);
  }
  png_read_end(png, reader->info);

  png_textp texts = NULL;
  int count = png_get_text(png, reader->info, &texts, NULL);
  for (int index = 0; index < count; index++) {
    int is_utf8 = texts[index].compression >= PNG_ITXT_COMPRESSION_NONE;
    visit(context, texts[index].key, texts[index].text, is_utf8);
  }
  return CI_OK;
}

// MARK: Entry points

static ci_status header_or_escape(
    png_reader *reader, ci_header *header, ci_profile_visitor visit, void *context) {
  if (setjmp(png_jmpbuf(reader->png))) return reader->status;
  *header = read_header(reader);
  read_source(reader);
  ci_describe_colors(&reader->source, header, visit, context);
  header->gamma = read_gamma(reader);
  return CI_OK;
}

static ci_status decode_or_escape(
    png_reader *reader, uint8_t *rgb, size_t capacity, uint8_t *alpha) {
  if (setjmp(png_jmpbuf(reader->png))) return reader->status;
  return read_pixels(reader, read_header(reader), rgb, capacity, alpha);
}

static ci_status text_or_escape(png_reader *reader, ci_text_visitor visit, void *context) {
  if (setjmp(png_jmpbuf(reader->png))) return reader->status;
  return read_text(reader, visit, context);
}

ci_status ci_png_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context) {
  png_reader reader;
  ci_status status = open_reader(&reader, bytes, count, 1);
  if (status == CI_OK) status = header_or_escape(&reader, header, visit, context);
  close_reader(&reader);
  return status;
}

ci_status ci_png_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,
    uint8_t *alpha) {
  (void)denominator;
  png_reader reader;
  ci_status status = open_reader(&reader, bytes, count, 0);
  if (status == CI_OK) status = decode_or_escape(&reader, rgb, capacity, alpha);
  close_reader(&reader);
  return status;
}

ci_status ci_png_read_text(
    const uint8_t *bytes, size_t count, ci_text_visitor visit, void *context) {
  png_reader reader;
  ci_status status = open_reader(&reader, bytes, count, 0);
  if (status == CI_OK) status = text_or_escape(&reader, visit, context);
  close_reader(&reader);
  return status;
}
