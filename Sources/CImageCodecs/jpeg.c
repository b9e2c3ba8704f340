#include "internal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

// A longer progressive file is an attack: a few kilobytes of empty scans cost minutes each.
enum { scan_limit = 500 };

// Rows that are decoded at once. When an image is turned on its side, they fill about a cache line.
enum { rows_at_once = 16 };

/// One file being read. Lives in the frame of the function that called the one with `setjmp`, so
/// that its contents are defined after the jump.
typedef struct jpeg_reader {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  ci_status status;
  JOCTET *profile;
} jpeg_reader;

// MARK: What libjpeg calls

static void fail(j_common_ptr info) {
  jpeg_reader *reader = info->client_data;
  char message[JMSG_LENGTH_MAX];
  info->err->format_message(info, message);
  reader->status = ci_fail(
      info->err->msg_code == JERR_INPUT_EOF ? CI_TRUNCATED : CI_FAILED, message);
  longjmp(reader->escape, 1);
}

// After damaged compressed data libjpeg only warns, and the rest of the image is wrong. Its other
// warnings leave the image whole.
static void warn(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
  case JWRN_HIT_MARKER:
  case JWRN_HUFF_BAD_CODE:
  case JWRN_ARITH_BAD_CODE:
  case JWRN_MUST_RESYNC:
    fail(info);
  }
}

static void print_nothing(j_common_ptr info) { (void)info; }

static void limit_scans(j_common_ptr info) {
  jpeg_reader *reader = info->client_data;
  if (reader->info.input_scan_number <= scan_limit) return;
  reader->status = ci_fail(CI_FAILED, "more scans than any encoder writes");
  longjmp(reader->escape, 1);
}

static void source_begins_or_ends(j_decompress_ptr info) { (void)info; }

static boolean source_is_exhausted(j_decompress_ptr info) {
  ERREXIT(info, JERR_INPUT_EOF);
  return FALSE;
}

static void source_skips(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if ((size_t)count > info->src->bytes_in_buffer) ERREXIT(info, JERR_INPUT_EOF);
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= (size_t)count;
}

// MARK: Reading

static void open_reader(jpeg_reader *reader, const uint8_t *bytes, size_t count) {
  j_decompress_ptr info = &reader->info;
  info->err = jpeg_std_error(&reader->errors);
  info->client_data = reader;
  reader->errors.error_exit = fail;
  reader->errors.emit_message = warn;
  reader->errors.output_message = print_nothing;
  jpeg_create_decompress(info);
  reader->progress.progress_monitor = limit_scans;
  info->progress = &reader->progress;
  reader->source = (struct jpeg_source_mgr){
      .next_input_byte = bytes,
      .bytes_in_buffer = count,
      .init_source = source_begins_or_ends,
      .fill_input_buffer = source_is_exhausted,
      .skip_input_data = source_skips,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = source_begins_or_ends,
  };
  info->src = &reader->source;
}

static ci_header read_header(jpeg_reader *reader) {
  static const uint8_t exif_mark[] = {'E', 'x', 'i', 'f', 0, 0};
  j_decompress_ptr info = &reader->info;
  jpeg_save_markers(info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(info, TRUE);

  ci_header header = {info->image_width, info->image_height, 1, 0};
  for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
    if (marker->data_length < sizeof exif_mark) continue;
    if (memcmp(marker->data, exif_mark, sizeof exif_mark) != 0) continue;
    header.orientation = ci_exif_orientation(
        marker->data + sizeof exif_mark, marker->data_length - sizeof exif_mark);
    break;
  }
  return header;
}

static void read_profile(jpeg_reader *reader, ci_profile_visitor visit, void *context) {
  static const uint8_t profile_mark[] = "ICC_PROFILE";
  unsigned count = 0;
  if (jpeg_read_icc_profile(&reader->info, &reader->profile, &count)) {
    visit(context, reader->profile, count);
    return;
  }
  jpeg_saved_marker_ptr marker = reader->info.marker_list;
  for (; marker; marker = marker->next) {
    if (marker->marker != JPEG_APP0 + 2 || marker->data_length < sizeof profile_mark) continue;
    if (memcmp(marker->data, profile_mark, sizeof profile_mark) != 0) continue;
    visit(context, NULL, 0);
    return;
  }
}

/// Inverted CMYK to RGB in place: each colour is multiplied by black.
static void convert_cmyk_row(uint8_t *row, uint32_t width) {
  for (size_t x = 0; x < width; x++) {
    const uint8_t *cmyk = row + 4 * x;
    unsigned black = cmyk[3];
    for (size_t channel = 0; channel < 3; channel++) {
      row[3 * x + channel] = (uint8_t)((cmyk[channel] * black + 127) / 255);
    }
  }
}

static ci_status read_pixels(
    jpeg_reader *reader, ci_header header, unsigned denominator, uint8_t *rgb, size_t capacity) {
  j_decompress_ptr info = &reader->info;
  int has_black = info->num_components == 4;
  info->out_color_space = has_black ? JCS_CMYK : JCS_RGB;
  info->scale_num = 1;
  info->scale_denom = denominator;
  jpeg_calc_output_dimensions(info);
  header.width = info->output_width;
  header.height = info->output_height;
  if (capacity != (size_t)header.width * header.height * 3) {
    return ci_fail(CI_FAILED, "the pixel buffer does not have the size of the image");
  }
  ci_canvas canvas = ci_canvas_make(rgb, 3, header);

  jpeg_start_decompress(info);
  JSAMPARRAY rows = info->mem->alloc_sarray(
      (j_common_ptr)info, JPOOL_IMAGE, header.width * (JDIMENSION)info->output_components,
      rows_at_once);
  uint32_t count;
  for (uint32_t y = 0; y < header.height; y += count) {
    for (count = 0; count < rows_at_once && y + count < header.height; count++) {
      jpeg_read_scanlines(info, rows + count, 1);
      if (has_black) convert_cmyk_row(rows[count], header.width);
    }
    ci_canvas_put_rows(&canvas, y, count, rows);
  }
  // Reads on to the end-of-image marker, so a file without one is truncated.
  jpeg_finish_decompress(info);
  return CI_OK;
}

// MARK: Entry points

static ci_status header_or_escape(
    jpeg_reader *reader, const uint8_t *bytes, size_t count, ci_header *header,
    ci_profile_visitor visit, void *context) {
  if (setjmp(reader->escape)) return reader->status;
  open_reader(reader, bytes, count);
  jpeg_save_markers(&reader->info, JPEG_APP0 + 2, 0xFFFF);
  *header = read_header(reader);
  read_profile(reader, visit, context);
  return CI_OK;
}

static ci_status decode_or_escape(
    jpeg_reader *reader, const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb,
    size_t capacity) {
  if (setjmp(reader->escape)) return reader->status;
  open_reader(reader, bytes, count);
  return read_pixels(reader, read_header(reader), denominator, rgb, capacity);
}

ci_status ci_jpeg_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context) {
  jpeg_reader reader = {0};
  ci_status status = header_or_escape(&reader, bytes, count, header, visit, context);
  free(reader.profile);
  jpeg_destroy_decompress(&reader.info);
  return status;
}

ci_status ci_jpeg_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity) {
  jpeg_reader reader = {0};
  ci_status status = decode_or_escape(&reader, bytes, count, denominator, rgb, capacity);
  jpeg_destroy_decompress(&reader.info);
  return status;
}
