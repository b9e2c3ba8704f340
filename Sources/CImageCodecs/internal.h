// Shared by the codecs: the error of a call, EXIF orientation, colours, and rows on their way to the
// caller's pixels.

#ifndef C_IMAGE_CODECS_INTERNAL_H
#define C_IMAGE_CODECS_INTERNAL_H

#include "CImageCodecs.h"

/// Keeps `message` for `ci_error()` and returns `status`.
ci_status ci_fail(ci_status status, const char *message);

/// The orientation (1 to 8) in a TIFF-structured EXIF block; 1 if none is valid.
int ci_exif_orientation(const uint8_t *tiff, size_t count);

// MARK: Colours

typedef enum ci_space { CI_SPACE_GREY, CI_SPACE_RGB, CI_SPACE_CMYK } ci_space;

/// What a file states about its colours. A profile goes before H.273 codes, and these before
/// chromaticities.
typedef struct ci_source {
  ci_space space;
  /// The ICC profile, which outlives the sink; NULL: none.
  const uint8_t *profile;
  size_t profile_count;
  int profile_is_damaged;
  /// ITU-T H.273; 0: not given.
  int primaries, transfer;
  /// x and y (CIE 1931) of white, red, green and blue; 0: not given.
  double chromaticities[8];
  /// The exponent from samples to light, with chromaticities; 0: sRGB's curve.
  double gamma;
} ci_source;

/// Fills in the header's colours, and visits the profile.
void ci_describe_colors(
    const ci_source *source, ci_header *header, ci_profile_visitor visit, void *context);

/// A conversion to sRGB.
typedef struct ci_transform ci_transform;

/// The conversion of rows to sRGB, in place; NULL: none is needed or possible, and `*colors` tells
/// which. A trial needs less time than the conversion of many rows.
ci_transform *ci_transform_make(
    const ci_source *source, int rows_have_alpha, int is_trial, ci_colors *colors);
void ci_transform_row(const ci_transform *transform, uint8_t *row, uint32_t width);
void ci_transform_free(ci_transform *transform);

// MARK: Rows

/// The caller's pixels, addressed by the rows of the stored image: pixel (x, y) of the file belongs
/// at `origin + x * step_x + y * step_y`.
typedef struct ci_canvas {
  uint8_t *origin;
  ptrdiff_t step_x, step_y;
  uint32_t width;
} ci_canvas;

/// Lays out `pixels` of `channels` bytes each for the stored image that `header` describes.
ci_canvas ci_canvas_make(uint8_t *pixels, ptrdiff_t channels, ci_header header);

/// Writes `count` rows of the stored image (RGB), the first of which is row `y`, to their upright
/// place. Rows that become columns are several times faster by the dozen.
void ci_canvas_put_rows(
    const ci_canvas *canvas, uint32_t y, uint32_t count, uint8_t *const *rows);

/// Writes the alpha of row `y` of the stored image (RGBA) to its upright place, on a canvas of one
/// channel.
void ci_canvas_put_alpha(const ci_canvas *canvas, uint32_t y, const uint8_t *row);

/// What turns rows of a codec into the caller's pixels.
typedef struct ci_sink {
  ci_canvas rgb, alpha;
  ci_space space;
  int rows_have_alpha;
  ci_transform *transform;
} ci_sink;

/// Opens a sink for the image that `header` describes; its width and height are those of the rows.
ci_status ci_sink_open(
    ci_sink *sink, ci_header header, const ci_source *source, int rows_have_alpha, uint8_t *rgb,
    size_t capacity, uint8_t *alpha);

/// Colours of a row (RGBA) that were multiplied by alpha become what they were.
void ci_divide_by_alpha(uint8_t *row, uint32_t width);

/// Converts, composites and writes `count` rows, the first of which is row `y`; they are changed in
/// place. A row has RGB or RGBA (grey is repeated), or CMYK where 0 is no ink.
void ci_sink_put_rows(const ci_sink *sink, uint32_t y, uint32_t count, uint8_t *const *rows);

/// Frees what a sink owns. A sink of zeros owns nothing.
void ci_sink_close(ci_sink *sink);

// MARK: Codecs

#define CI_CODEC(name)                                                                             \
  ci_status ci_##name##_read_header(                                                               \
      const uint8_t *bytes, size_t count, ci_header *header, ci_profile_visitor visit,             \
      void *context);                                                                              \
  ci_status ci_##name##_decode(                                                                    \
      const uint8_t *bytes, size_t count, unsigned denominator, uint8_t *rgb, size_t capacity,     \
      uint8_t *alpha);

CI_CODEC(png)
CI_CODEC(jpeg)
CI_CODEC(webp)
CI_CODEC(gif)
CI_CODEC(bmp)
CI_CODEC(tiff)
CI_CODEC(heif)

#undef CI_CODEC

/// Whether libheif has a decoder for AV1 (else for HEVC).
int ci_heif_decodes(int av1);

#endif
