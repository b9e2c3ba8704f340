// Shared by the codecs: the error of a call, EXIF orientation, and turning rows upright.

#ifndef C_IMAGE_CODECS_INTERNAL_H
#define C_IMAGE_CODECS_INTERNAL_H

#include "CImageCodecs.h"

/// Keeps `message` for `ci_error()` and returns `status`.
ci_status ci_fail(ci_status status, const char *message);

/// The orientation (1 to 8) in a TIFF-structured EXIF block; 1 if none is valid.
int ci_exif_orientation(const uint8_t *tiff, size_t count);

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

#endif
