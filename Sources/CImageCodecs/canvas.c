#include "internal.h"

#include <string.h>

// EXIF 2.32 section 4.6.4 A: orientations 5 to 8 exchange rows and columns; the mirrored sides are
// those of the stored image, before the exchange.
ci_canvas ci_canvas_make(uint8_t *pixels, ptrdiff_t channels, ci_header header) {
  ptrdiff_t width = header.width, height = header.height;
  int orientation = header.orientation;
  int exchanges = orientation >= 5;
  int mirrors_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  int mirrors_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;

  ci_canvas canvas = {
      .origin = pixels,
      .step_x = exchanges ? channels * height : channels,
      .step_y = exchanges ? channels : channels * width,
      .width = header.width,
  };
  if (mirrors_x) {
    canvas.origin += (width - 1) * canvas.step_x;
    canvas.step_x = -canvas.step_x;
  }
  if (mirrors_y) {
    canvas.origin += (height - 1) * canvas.step_y;
    canvas.step_y = -canvas.step_y;
  }
  return canvas;
}

void ci_canvas_put_rows(
    const ci_canvas *canvas, uint32_t y, uint32_t count, uint8_t *const *rows) {
  uint8_t *first = canvas->origin + (ptrdiff_t)y * canvas->step_y;
  if (canvas->step_x == 3) {
    for (uint32_t row = 0; row < count; row++, first += canvas->step_y) {
      memcpy(first, rows[row], 3 * (size_t)canvas->width);
    }
    return;
  }
  for (size_t x = 0; x < canvas->width; x++, first += canvas->step_x) {
    uint8_t *pixel = first;
    for (uint32_t row = 0; row < count; row++, pixel += canvas->step_y) {
      memcpy(pixel, rows[row] + 3 * x, 3);
    }
  }
}

void ci_canvas_put_alpha(const ci_canvas *canvas, uint32_t y, const uint8_t *row) {
  uint8_t *sample = canvas->origin + (ptrdiff_t)y * canvas->step_y;
  for (size_t x = 0; x < canvas->width; x++, sample += canvas->step_x) *sample = row[4 * x + 3];
}
