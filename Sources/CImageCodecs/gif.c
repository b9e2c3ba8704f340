#ifdef CI_BUILT_WITH_GIF

#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

/// One file being read, to its first frame.
typedef struct gif_reader {
  GifFileType *gif;
  const uint8_t *next;
  size_t remaining;
  int has_ended;
  ci_header header;
  /// The transparent index; -1: none.
  int transparent;
  /// Indices of one row of the frame, and RGBA or RGB of one row of the image.
  GifPixelType *indices;
  uint8_t *row;
} gif_reader;

// MARK: What giflib calls

static int read_bytes(GifFileType *gif, GifByteType *target, int count) {
  gif_reader *reader = gif->UserData;
  size_t given = (size_t)count;
  if (given > reader->remaining) {
    given = reader->remaining;
    reader->has_ended = 1;
  }
  memcpy(target, reader->next, given);
  reader->next += given;
  reader->remaining -= given;
  return (int)given;
}

// MARK: Reading

static ci_status fail(const gif_reader *reader, int code) {
  if (reader->has_ended) return ci_fail(CI_TRUNCATED, "the data ends early");
  const char *reason = GifErrorString(code);
  return ci_fail(CI_FAILED, reason ? reason : "invalid data");
}

/// Reads an extension; the one before a frame may name a transparent index.
static int read_extension(gif_reader *reader) {
  int code = 0;
  GifByteType *block = NULL;
  if (DGifGetExtension(reader->gif, &code, &block) == GIF_ERROR) return GIF_ERROR;
  while (block) {
    GraphicsControlBlock control;
    if (code == GRAPHICS_EXT_FUNC_CODE
        && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
      reader->transparent = control.TransparentColor;
    }
    if (DGifGetExtensionNext(reader->gif, &block) == GIF_ERROR) return GIF_ERROR;
  }
  return GIF_OK;
}

/// Reads up to the first frame's pixels. The image has the size of the screen, or more if the frame
/// does not fit into it.
static ci_status open_reader(gif_reader *reader, const uint8_t *bytes, size_t count) {
  *reader = (gif_reader){.next = bytes, .remaining = count, .transparent = -1};
  int code = 0;
  reader->gif = DGifOpen(reader, read_bytes, &code);
  if (!reader->gif) return fail(reader, code);
  GifRecordType record = UNDEFINED_RECORD_TYPE;
  while (record != IMAGE_DESC_RECORD_TYPE) {
    if (DGifGetRecordType(reader->gif, &record) == GIF_ERROR) return fail(reader, reader->gif->Error);
    if (record == TERMINATE_RECORD_TYPE) return ci_fail(CI_FAILED, "no image in it");
    if (record == EXTENSION_RECORD_TYPE && read_extension(reader) == GIF_ERROR) {
      return fail(reader, reader->gif->Error);
    }
  }
  if (DGifGetImageDesc(reader->gif) == GIF_ERROR) return fail(reader, reader->gif->Error);

  const GifFileType *gif = reader->gif;
  const GifImageDesc *frame = &gif->Image;
  if (frame->Width < 1 || frame->Height < 1 || frame->Left < 0 || frame->Top < 0) {
    return ci_fail(CI_FAILED, "a frame without pixels");
  }
  int right = frame->Left + frame->Width, bottom = frame->Top + frame->Height;
  int width = right > gif->SWidth ? right : gif->SWidth;
  int height = bottom > gif->SHeight ? bottom : gif->SHeight;
  reader->header = (ci_header){
      .width = (uint32_t)width,
      .height = (uint32_t)height,
      .orientation = 1,
      .has_alpha = reader->transparent >= 0 || frame->Width < width || frame->Height < height};
  return CI_OK;
}

/// The offset after sub-blocks (GIF89a section 15), which end with an empty one.
static size_t skip_blocks(const uint8_t *bytes, size_t count, size_t offset) {
  while (offset < count && bytes[offset]) offset += 1 + (size_t)bytes[offset];
  return offset + 1;
}

/// The number of frames, from the pixels of the first one on (GIF89a section 20).
static uint32_t count_frames(const gif_reader *reader) {
  enum { extension = 0x21, frame = 0x2C, frame_size = 11 };
  const uint8_t *bytes = reader->next;
  size_t count = reader->remaining, offset = skip_blocks(bytes, count, 0);
  uint32_t frames = 1;
  for (;; offset = skip_blocks(bytes, count, offset)) {
    if (offset < count && bytes[offset] == extension) {
      offset += 2;
    } else if (offset < count && bytes[offset] == frame && count - offset >= frame_size) {
      unsigned flags = bytes[offset + 9];
      offset += frame_size + (flags & 0x80 ? 3u << ((flags & 7) + 1) : 0);
      frames++;
    } else {
      return frames;
    }
  }
}

static void close_reader(gif_reader *reader) {
  int code = 0;
  free(reader->indices);
  free(reader->row);
  if (reader->gif) DGifCloseFile(reader->gif, &code);
}

/// Writes the frame's indices into the row as colours. Indices beyond the map are black.
static void color_row(const gif_reader *reader, const ColorMapObject *map, size_t channels) {
  uint8_t *pixel = reader->row + (size_t)reader->gif->Image.Left * channels;
  for (int x = 0; x < reader->gif->Image.Width; x++, pixel += channels) {
    int index = reader->indices[x];
    GifColorType color = {0};
    if (index < map->ColorCount) color = map->Colors[index];
    pixel[0] = color.Red;
    pixel[1] = color.Green;
    pixel[2] = color.Blue;
    if (channels == 4) pixel[3] = index == reader->transparent ? 0 : 255;
  }
}

static ci_status put_row(
    gif_reader *reader, const ColorMapObject *map, const ci_sink *sink, uint32_t y) {
  size_t channels = reader->header.has_alpha ? 4 : 3;
  if (DGifGetLine(reader->gif, reader->indices, reader->gif->Image.Width) == GIF_ERROR) {
    return fail(reader, reader->gif->Error);
  }
  memset(reader->row, 0, reader->header.width * channels);
  color_row(reader, map, channels);
  ci_sink_put_rows(sink, y, 1, &reader->row);
  return CI_OK;
}

/// Writes a row that the frame leaves free.
static void put_free_row(gif_reader *reader, const ci_sink *sink, uint32_t y) {
  memset(reader->row, 0, (size_t)reader->header.width * 4);
  ci_sink_put_rows(sink, y, 1, &reader->row);
}

static ci_status put_rows(gif_reader *reader, const ci_sink *sink) {
  // GIF89a appendix E: the rows of an interlaced frame come in four passes.
  static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
  const GifImageDesc *frame = &reader->gif->Image;
  const ColorMapObject *map = frame->ColorMap ? frame->ColorMap : reader->gif->SColorMap;
  if (!map) return ci_fail(CI_FAILED, "no colours in it");
  reader->indices = malloc((size_t)frame->Width);
  reader->row = malloc((size_t)reader->header.width * 4);
  if (!reader->indices || !reader->row) return ci_fail(CI_FAILED, "out of memory");

  int top = frame->Top, bottom = frame->Top + frame->Height;
  for (int pass = 0; pass < (frame->Interlace ? 4 : 1); pass++) {
    int step = frame->Interlace ? steps[pass] : 1;
    for (int y = top + starts[pass]; y < bottom; y += step) {
      ci_status status = put_row(reader, map, sink, (uint32_t)y);
      if (status != CI_OK) return status;
    }
  }
  for (int y = 0; y < top; y++) put_free_row(reader, sink, (uint32_t)y);
  for (uint32_t y = (uint32_t)bottom; y < reader->header.height; y++) put_free_row(reader, sink, y);
  // A file that ends here lacks its end, or the next frame.
  GifRecordType record;
  if (DGifGetRecordType(reader->gif, &record) == GIF_ERROR && reader->has_ended) {
    return fail(reader, reader->gif->Error);
  }
  return CI_OK;
}

// MARK: Entry points

static const ci_source source = {.space = CI_SPACE_RGB};

ci_status ci_gif_read_header(
    const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,
    void *context) {
  gif_reader reader;
  ci_status status = open_reader(&reader, bytes, count);
  if (status == CI_OK) {
    *header = reader.header;
    header->frames = count_frames(&reader);
    ci_describe_colors(&source, header, visit, context);
  }
  close_reader(&reader);
  return status;
}

ci_status ci_gif_decode(
    const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,
    uint8_t *alpha) {
  (void)denominator;
  gif_reader reader;
  ci_sink sink = {0};
  ci_status status = open_reader(&reader, bytes, count);
  if (status == CI_OK) {
    status = ci_sink_open(
        &sink, reader.header, &source, reader.header.has_alpha, rgb, capacity, alpha);
  }
  if (status == CI_OK) status = put_rows(&reader, &sink);
  ci_sink_close(&sink);
  close_reader(&reader);
  return status;
}

#endif
