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
  struct jpeg_source_mgr input;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  ci_status status;
  JOCTET *profile;
  ci_source source;
  ci_sink sink;
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
  reader->input = (struct jpeg_source_mgr){
      .next_input_byte = bytes,
      .bytes_in_buffer = count,
      .init_source = source_begins_or_ends,
      .fill_input_buffer = source_is_exhausted,
      .skip_input_data = source_skips,
      .resync_to_restart = jpeg_resync_to_restart,
      .term_source = source_begins_or_ends,
  };
  info->src = &reader->input;
}

static ci_header read_header(jpeg_reader *reader) {
  static const uint8_t exif_mark[] = {'E', 'x', 'i', 'f', 0, 0};
  j_decompress_ptr info = &reader->info;
  jpeg_save_markers(info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_save_markers(info, JPEG_APP0 + 2, 0xFFFF);
  jpeg_read_header(info, TRUE);

  ci_header header = {.width = info->image_width, .height = info->image_height, .orientation = 1};
  for (jpeg_saved_marker_ptr marker = info->marker_list; marker; marker = marker->next) {
    if (marker->data_length < sizeof exif_mark) continue;
    if (memcmp(marker->data, exif_mark, sizeof exif_mark) != 0) continue;
    header.orientation = ci_exif_orientation(
        marker->data + sizeof exif_mark, marker->data_length - sizeof exif_mark);
    break;
  }
  return header;
}

static int has_profile_marker(jpeg_reader *reader) {
  static const uint8_t profile_mark[] = "ICC_PROFILE";
  jpeg_saved_marker_ptr marker = reader->info.marker_list;
  for (; marker; marker = marker->next) {
    if (marker->marker != JPEG_APP0 + 2 || marker->data_length < sizeof profile_mark) continue;
    if (memcmp(marker->data, profile_mark, sizeof profile_mark) == 0) return 1;
  }
  return 0;
}

static void read_source(jpeg_reader *reader) {
  ci_source *source = &reader->source;
  switch (reader->info.num_components) {
  case 1: source->space = CI_SPACE_GREY; break;
  case 4: source->space = CI_SPACE_CMYK; break;
  default: source->space = CI_SPACE_RGB;
  }
  unsigned count = 0;
  if (jpeg_read_icc_profile(&reader->info, &reader->profile, &count)) {
    source->profile = reader->profile;
    source->profile_count = count;
  } else {
    source->profile_is_damaged = has_profile_marker(reader);
  }
}

/// Inverted CMYK, as Adobe's programs write it, to CMYK where 0 is no ink.
static void invert_row(uint8_t *row, uint32_t width) {
  for (size_t index = 0; index < 4 * (size_t)width; index++) row[index] = 255 - row[index];
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
  read_source(reader);
  ci_status status = ci_sink_open(&reader->sink, header, &reader->source, 0, rgb, capacity, NULL);
  if (status != CI_OK) return status;

  jpeg_start_decompress(info);
  JSAMPARRAY rows = info->mem->alloc_sarray(
      (j_common_ptr)info, JPOOL_IMAGE, header.width * (JDIMENSION)info->output_components,
      rows_at_once);
  uint32_t count;
  for (uint32_t y = 0; y < header.height; y += count) {
    for (count = 0; count < rows_at_once && y + count < header.height; count++) {
      jpeg_read_scanlines(info, rows + count, 1);
      if (has_black) invert_row(rows[count], header.width);
    }
    ci_sink_put_rows(&reader->sink, y, count, rows);
  }
  // Reads on to the end-of-image marker, so a file without one is truncated.
  jpeg_finish_decompress(info);
  return CI_OK;
}

static void close_reader(jpeg_reader *reader) {
  ci_sink_close(&reader->sink);
  free(reader->profile);
  jpeg_destroy_decompress(&reader->info);
}

// MARK: Entry points

static ci_status header_or_escape(
    jpeg_reader *reader, const uint8_t *bytes, size_t count, ci_header *header,
    ci_profile_visitor visit, void *context) {
  if (setjmp(reader->escape)) return reader->status;
  open_reader(reader, bytes, count);
  *header = read_header(reader);
  read_source(reader);
  ci_describe_colors(&reader->source, header, visit, context);
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
  close_reader(&reader);
  return status;
}

ci_status ci_jpeg_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,
    uint8_t *alpha) {
  if (alpha) return ci_fail(CI_FAILED, "the image has no transparency");
  jpeg_reader reader = {0};
  ci_status status = decode_or_escape(&reader, bytes, count, denominator, rgb, capacity);
  close_reader(&reader);
  return status;
}
