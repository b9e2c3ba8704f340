#ifdef CI_BUILT_WITH_WEBP

#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

/// One file being read: its first frame, which for a still image is all of it.
typedef struct webp_reader {
  WebPDemuxer *demuxer;
  WebPIterator frame;
  ci_header header;
  ci_source source;
  /// The pixels of the frame, and one row of the image.
  uint8_t *pixels, *row;
} webp_reader;

// MARK: Reading

static ci_status fail(VP8StatusCode code) {
  switch (code) {
  case VP8_STATUS_NOT_ENOUGH_DATA:
  case VP8_STATUS_SUSPENDED:
    return ci_fail(CI_TRUNCATED, "the data ends early");
  case VP8_STATUS_OUT_OF_MEMORY: return ci_fail(CI_FAILED, "out of memory");
  case VP8_STATUS_UNSUPPORTED_FEATURE: return ci_fail(CI_FAILED, "a feature libwebp lacks");
  default: return ci_fail(CI_FAILED, "invalid compressed data");
  }
}

/// The orientation in the EXIF chunk, which some programs start as in a JPEG.
static int read_orientation(const WebPDemuxer *demuxer) {
  static const uint8_t mark[] = {'E', 'x', 'i', 'f', 0, 0};
  WebPChunkIterator chunk;
  if (!WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk)) return 1;
  const uint8_t *exif = chunk.chunk.bytes;
  size_t count = chunk.chunk.size;
  int is_marked = count >= sizeof mark && memcmp(exif, mark, sizeof mark) == 0;
  size_t start = is_marked ? sizeof mark : 0;
  int orientation = ci_exif_orientation(exif + start, count - start);
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

/// The chunk lies within the file, so that it outlives the iterator.
static void read_profile(const WebPDemuxer *demuxer, ci_source *source) {
  WebPChunkIterator chunk;
  if (!WebPDemuxGetChunk(demuxer, "ICCP", 1, &chunk)) return;
  source->profile = chunk.chunk.bytes;
  source->profile_count = chunk.chunk.size;
  WebPDemuxReleaseChunkIterator(&chunk);
}

static ci_status open_reader(webp_reader *reader, const uint8_t *bytes, size_t count) {
  *reader = (webp_reader){.source.space = CI_SPACE_RGB};
  WebPDemuxState state = WEBP_DEMUX_PARSING_HEADER;
  WebPData data = {bytes, count};
  reader->demuxer = WebPDemuxPartial(&data, &state);
  if (state == WEBP_DEMUX_PARSE_ERROR) return ci_fail(CI_FAILED, "invalid chunks");
  if (!reader->demuxer || state != WEBP_DEMUX_DONE) return fail(VP8_STATUS_NOT_ENOUGH_DATA);
  if (!WebPDemuxGetFrame(reader->demuxer, 1, &reader->frame)) {
    return ci_fail(CI_FAILED, "no image in the chunks");
  }
  const WebPIterator *frame = &reader->frame;
  WebPBitstreamFeatures features;
  VP8StatusCode code = WebPGetFeatures(frame->fragment.bytes, frame->fragment.size, &features);
  if (code != VP8_STATUS_OK) return fail(code);
  if (features.width != frame->width || features.height != frame->height) {
    return ci_fail(CI_FAILED, "two sizes of one frame");
  }

  ci_header *header = &reader->header;
  header->width = WebPDemuxGetI(reader->demuxer, WEBP_FF_CANVAS_WIDTH);
  header->height = WebPDemuxGetI(reader->demuxer, WEBP_FF_CANVAS_HEIGHT);
  uint32_t right = (uint32_t)(frame->x_offset + frame->width);
  uint32_t bottom = (uint32_t)(frame->y_offset + frame->height);
  if (right > header->width || bottom > header->height) {
    return ci_fail(CI_FAILED, "a frame outside the canvas");
  }
  // What the first frame of an animation leaves free is transparent.
  header->has_alpha = features.has_alpha || (uint32_t)frame->width < header->width
      || (uint32_t)frame->height < header->height;
  header->orientation = read_orientation(reader->demuxer);
  header->frames = WebPDemuxGetI(reader->demuxer, WEBP_FF_FRAME_COUNT);
  read_profile(reader->demuxer, &reader->source);
  return CI_OK;
}

static void close_reader(webp_reader *reader) {
  free(reader->pixels);
  free(reader->row);
  WebPDemuxReleaseIterator(&reader->frame);
  WebPDemuxDelete(reader->demuxer);
}

/// Decodes the frame to `reader->pixels`, `channels` bytes per pixel.
static ci_status read_frame(webp_reader *reader, size_t channels) {
  const WebPIterator *frame = &reader->frame;
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return ci_fail(CI_FAILED, "libwebp did not start");
  size_t stride = (size_t)frame->width * channels;
  size_t size = stride * (size_t)frame->height;
  reader->pixels = malloc(size);
  if (!reader->pixels) return fail(VP8_STATUS_OUT_OF_MEMORY);
  config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA =
      (WebPRGBABuffer){.rgba = reader->pixels, .stride = (int)stride, .size = size};
  VP8StatusCode code = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
  WebPFreeDecBuffer(&config.output);
  return code == VP8_STATUS_OK ? CI_OK : fail(code);
}

static void put_frame(webp_reader *reader, const ci_sink *sink, size_t channels) {
  const WebPIterator *frame = &reader->frame;
  size_t image_size = reader->header.width * channels;
  size_t left = (size_t)frame->x_offset * channels;
  size_t frame_size = (size_t)frame->width * channels;
  for (uint32_t y = 0; y < reader->header.height; y++) {
    memset(reader->row, 0, image_size);
    uint32_t frame_y = y - (uint32_t)frame->y_offset;
    if (y >= (uint32_t)frame->y_offset && frame_y < (uint32_t)frame->height) {
      memcpy(reader->row + left, reader->pixels + frame_y * frame_size, frame_size);
    }
    ci_sink_put_rows(sink, y, 1, &reader->row);
  }
}

static ci_status read_pixels(webp_reader *reader, uint8_t *rgb, size_t capacity, uint8_t *alpha) {
  size_t channels = reader->header.has_alpha ? 4 : 3;
  ci_sink sink;
  ci_status status = ci_sink_open(
      &sink, reader->header, &reader->source, reader->header.has_alpha, rgb, capacity, alpha);
  if (status == CI_OK) status = read_frame(reader, channels);
  if (status == CI_OK) {
    reader->row = malloc(reader->header.width * channels);
    if (!reader->row) status = fail(VP8_STATUS_OUT_OF_MEMORY);
  }
  if (status == CI_OK) put_frame(reader, &sink, channels);
  ci_sink_close(&sink);
  return status;
}

// MARK: Entry points

ci_status ci_webp_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context) {
  webp_reader reader;
  ci_status status = open_reader(&reader, bytes, count);
  if (status == CI_OK) {
    *header = reader.header;
    ci_describe_colors(&reader.source, header, visit, context);
  }
  close_reader(&reader);
  return status;
}

ci_status ci_webp_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,
    uint8_t *alpha) {
  (void)denominator;
  webp_reader reader;
  ci_status status = open_reader(&reader, bytes, count);
  if (status == CI_OK) status = read_pixels(&reader, rgb, capacity, alpha);
  close_reader(&reader);
  return status;
}

#endif
