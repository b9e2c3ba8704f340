#ifdef CI_BUILT_WITH_HEIF

#include "heif_boxes.h"
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <libheif/heif.h>

// The limit of libheif before it had one of its own: more than ImageLimits admits by default.
enum { largest_side = 32768 };

/// One file being read, to its primary image.
typedef struct heif_file {
  struct heif_context *context;
  struct heif_image_handle *handle;
  struct heif_image *image;
  ci_header header;
  ci_source source;
  uint8_t *profile, *row;
} heif_file;

int ci_heif_decodes(int av1) {
  return heif_have_decoder_for_format(av1 ? heif_compression_AV1 : heif_compression_HEVC);
}

// MARK: Reading

static ci_status fail(struct heif_error error) {
  const char *reason = error.message ? error.message : "invalid data";
  int is_cut = error.subcode == heif_suberror_End_of_data
      || error.subcode == heif_suberror_No_meta_box;
  if (is_cut) return ci_fail(CI_TRUNCATED, reason);
  // libheif's "Invalid input: ...: what is wrong" repeats what our sentence has.
  const char *rest = strstr(reason, ": ");
  if (rest && rest[2]) reason = rest + 2;
  // Some of its messages end a line.
  char line[256] = {0};
  memcpy(line, reason, strnlen(reason, sizeof line - 1));
  line[strcspn(line, "\n")] = 0;
  return ci_fail(CI_FAILED, line);
}

static ci_status read_profile(heif_file *reader) {
  size_t count = heif_image_handle_get_raw_color_profile_size(reader->handle);
  if (count) {
    reader->profile = malloc(count);
    if (!reader->profile) return ci_fail(CI_FAILED, "out of memory");
    struct heif_error error =
        heif_image_handle_get_raw_color_profile(reader->handle, reader->profile);
    if (error.code != heif_error_Ok) return fail(error);
    reader->source.profile = reader->profile;
    reader->source.profile_count = count;
    return CI_OK;
  }
  struct heif_color_profile_nclx *coded = NULL;
  struct heif_error error = heif_image_handle_get_nclx_color_profile(reader->handle, &coded);
  if (error.code == heif_error_Ok && coded) {
    reader->source.primaries = (int)coded->color_primaries;
    reader->source.transfer = (int)coded->transfer_characteristics;
  }
  heif_nclx_color_profile_free(coded);
  return CI_OK;
}

/// The images of which none is a part or a thumbnail of another, or those of a sequence.
static uint32_t count_images(
    struct heif_context *context, const uint8_t *bytes, size_t count) {
  uint32_t images = (uint32_t)heif_context_get_number_of_top_level_images(context);
  uint32_t samples = ci_boxes_count_samples(bytes, count);
  return images > samples ? images : samples;
}

static ci_status open_reader(heif_file *reader, const uint8_t *bytes, size_t count) {
  *reader = (heif_file){.source.space = CI_SPACE_RGB};
  // libheif reads a file without its last boxes as a damaged one.
  if (!ci_boxes_are_whole(bytes, count)) return ci_fail(CI_TRUNCATED, "the data ends early");
  reader->context = heif_context_alloc();
  if (!reader->context) return ci_fail(CI_FAILED, "out of memory");
  heif_context_set_maximum_image_size_limit(reader->context, largest_side);
  struct heif_error error =
      heif_context_read_from_memory_without_copy(reader->context, bytes, count, NULL);
  if (error.code == heif_error_Ok) {
    error = heif_context_get_primary_image_handle(reader->context, &reader->handle);
  }
  if (error.subcode == heif_suberror_No_meta_box && ci_boxes_count_samples(bytes, count) > 0) {
    return ci_fail(CI_FAILED, "a sequence without a still image");
  }
  if (error.code != heif_error_Ok) return fail(error);

  int width = heif_image_handle_get_width(reader->handle);
  int height = heif_image_handle_get_height(reader->handle);
  if (width < 1 || height < 1) return ci_fail(CI_FAILED, "a side of zero");
  // libheif turns the image. The orientation in EXIF only repeats this.
  reader->header = (ci_header){
      .width = (uint32_t)width,
      .height = (uint32_t)height,
      .orientation = 1,
      .has_alpha = heif_image_handle_has_alpha_channel(reader->handle) != 0,
      .frames = count_images(reader->context, bytes, count)};
  return read_profile(reader);
}

static void close_reader(heif_file *reader) {
  free(reader->profile);
  free(reader->row);
  if (reader->image) heif_image_release(reader->image);
  if (reader->handle) heif_image_handle_release(reader->handle);
  if (reader->context) heif_context_free(reader->context);
}

static ci_status read_image(heif_file *reader) {
  struct heif_decoding_options *options = heif_decoding_options_alloc();
  if (!options) return ci_fail(CI_FAILED, "out of memory");
  options->convert_hdr_to_8bit = 1;
  options->strict_decoding = 1;
  enum heif_chroma chroma =
      reader->header.has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
  struct heif_error error = heif_decode_image(
      reader->handle, &reader->image, heif_colorspace_RGB, chroma, options);
  heif_decoding_options_free(options);
  return error.code == heif_error_Ok ? CI_OK : fail(error);
}

static ci_status put_rows(heif_file *reader, const ci_sink *sink) {
  int stride = 0;
  const uint8_t *plane =
      heif_image_get_plane_readonly(reader->image, heif_channel_interleaved, &stride);
  uint32_t width = reader->header.width, height = reader->header.height;
  size_t row_size = (size_t)width * (reader->header.has_alpha ? 4 : 3);
  if (!plane || heif_image_get_width(reader->image, heif_channel_interleaved) != (int)width
      || heif_image_get_height(reader->image, heif_channel_interleaved) != (int)height
      || stride < 0 || (size_t)stride < row_size) {
    return ci_fail(CI_FAILED, "pixels of another size than in the header");
  }
  int is_premultiplied =
      reader->header.has_alpha && heif_image_handle_is_premultiplied_alpha(reader->handle);
  reader->row = malloc(row_size);
  if (!reader->row) return ci_fail(CI_FAILED, "out of memory");
  for (uint32_t y = 0; y < height; y++) {
    memcpy(reader->row, plane + (size_t)y * (size_t)stride, row_size);
    if (is_premultiplied) ci_divide_by_alpha(reader->row, width);
    ci_sink_put_rows(sink, y, 1, &reader->row);
  }
  return CI_OK;
}

// MARK: Entry points

ci_status ci_heif_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context) {
  heif_file reader;
  ci_status status = open_reader(&reader, bytes, count);
  if (status == CI_OK) {
    *header = reader.header;
    ci_describe_colors(&reader.source, header, visit, context);
  }
  close_reader(&reader);
  return status;
}

ci_status ci_heif_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,
    uint8_t *alpha) {
  (void)denominator;
  heif_file reader;
  ci_sink sink = {0};
  ci_status status = open_reader(&reader, bytes, count);
  if (status == CI_OK) {
    status = ci_sink_open(
        &sink, reader.header, &reader.source, reader.header.has_alpha, rgb, capacity, alpha);
  }
  if (status == CI_OK) status = read_image(&reader);
  if (status == CI_OK) status = put_rows(&reader, &sink);
  ci_sink_close(&sink);
  close_reader(&reader);
  return status;
}

#endif
