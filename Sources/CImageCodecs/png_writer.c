#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

/// One file being written. Lives in the frame of the function that called the one with `setjmp`,
/// so that its contents are defined after the jump.
typedef struct png_writer {
  png_structp png;
  png_infop info;
  uint8_t *bytes;
  size_t count, capacity;
} png_writer;

// MARK: What libpng calls

static void fail(png_structp png, png_const_charp message) {
  ci_fail(CI_FAILED, message);
  png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void write_bytes(png_structp png, png_bytep source, size_t count) {
  png_writer *writer = png_get_io_ptr(png);
  if (count > writer->capacity - writer->count) {
    size_t capacity = 2 * writer->capacity + count;
    uint8_t *bytes = realloc(writer->bytes, capacity);
    if (!bytes) png_error(png, "out of memory");
    writer->bytes = bytes;
    writer->capacity = capacity;
  }
  memcpy(writer->bytes + writer->count, source, count);
  writer->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

// MARK: Writing

static int is_ascii(const char *text) {
  while (*text && !(*text & 0x80)) text++;
  return !*text;
}

static void set_texts(png_writer *writer, const char *texts, size_t text_count) {
  for (size_t index = 0; index < text_count; index++) {
    const char *key = texts, *text = key + strlen(key) + 1;
    png_text chunk = {
        .compression = is_ascii(text) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE,
        .key = (png_charp)key,
        .text = (png_charp)text,
        .text_length = strlen(text),
    };
    png_set_text(writer->png, writer->info, &chunk, 1);
    texts = text + strlen(text) + 1;
  }
}

static ci_status encode_or_escape(
    png_writer *writer, const uint8_t *rgb, uint32_t width, uint32_t height, const char *texts,
    size_t text_count) {
  png_structp png = writer->png;
  if (setjmp(png_jmpbuf(png))) return CI_FAILED;
  png_set_write_fn(png, writer, write_bytes, flush_nothing);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(
      png, writer->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  set_texts(writer, texts, text_count);
  png_write_info(png, writer->info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, rgb + (size_t)y * width * 3);
  png_write_end(png, writer->info);
  return CI_OK;
}

ci_status ci_png_encode(
    const uint8_t *rgb, uint32_t width, uint32_t height, const char *texts, size_t text_count,
    uint8_t **png, size_t *png_count) {
  png_writer writer = {0};
  ci_status status = CI_FAILED;
  writer.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail, ignore_warning);
  if (writer.png) writer.info = png_create_info_struct(writer.png);
  if (writer.info) {
    status = encode_or_escape(&writer, rgb, width, height, texts, text_count);
  } else {
    ci_fail(CI_FAILED, "libpng did not start");
  }
  png_destroy_write_struct(&writer.png, &writer.info);
  if (status != CI_OK) {
    free(writer.bytes);
    return status;
  }
  *png = writer.bytes;
  *png_count = writer.count;
  return CI_OK;
}
