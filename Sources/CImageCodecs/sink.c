#include "internal.h"

ci_status ci_sink_open(
    ci_sink *sink, ci_header header, const ci_source *source, int rows_have_alpha, uint8_t *rgb,
    size_t capacity, uint8_t *alpha) {
  *sink = (ci_sink){.space = source->space, .rows_have_alpha = rows_have_alpha};
  if (capacity != (size_t)header.width * header.height * 3) {
    return ci_fail(CI_FAILED, "the pixel buffer does not have the size of the image");
  }
  if (alpha && !rows_have_alpha) return ci_fail(CI_FAILED, "the image has no transparency");
  sink->rgb = ci_canvas_make(rgb, 3, header);
  if (alpha) sink->alpha = ci_canvas_make(alpha, 1, header);
  ci_colors colors;
  sink->transform = ci_transform_make(source, rows_have_alpha, 0, &colors);
  return CI_OK;
}

void ci_divide_by_alpha(uint8_t *row, uint32_t width) {
  for (size_t x = 0; x < width; x++) {
    uint8_t *rgba = row + 4 * x;
    unsigned alpha = rgba[3];
    for (int channel = 0; alpha && channel < 3; channel++) {
      unsigned value = (rgba[channel] * 255u + alpha / 2) / alpha;
      rgba[channel] = (uint8_t)(value > 255 ? 255 : value);
    }
  }
}

void ci_sink_close(ci_sink *sink) { ci_transform_free(sink->transform); }

/// RGBA to RGB over white in place, rounded as Pillow's `alpha_composite` rounds.
static void composite_row(uint8_t *row, uint32_t width) {
  for (size_t x = 0; x < width; x++) {
    const uint8_t *rgba = row + 4 * x;
    unsigned alpha = rgba[3];
    for (size_t channel = 0; channel < 3; channel++) {
      row[3 * x + channel] =
          (uint8_t)((rgba[channel] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
}

/// CMYK to RGB in place: the rest of each ink is multiplied by the rest of black.
static void convert_cmyk_row(uint8_t *row, uint32_t width) {
  for (size_t x = 0; x < width; x++) {
    const uint8_t *cmyk = row + 4 * x;
    unsigned black = 255 - cmyk[3];
    for (size_t channel = 0; channel < 3; channel++) {
      row[3 * x + channel] = (uint8_t)(((255u - cmyk[channel]) * black + 127) / 255);
    }
  }
}

void ci_sink_put_rows(const ci_sink *sink, uint32_t y, uint32_t count, uint8_t *const *rows) {
  uint32_t width = sink->rgb.width;
  for (uint32_t index = 0; index < count; index++) {
    uint8_t *row = rows[index];
    if (sink->alpha.origin) ci_canvas_put_alpha(&sink->alpha, y + index, row);
    if (sink->transform) {
      ci_transform_row(sink->transform, row, width);
    } else if (sink->space == CI_SPACE_CMYK) {
      convert_cmyk_row(row, width);
    }
    if (sink->rows_have_alpha) composite_row(row, width);
  }
  ci_canvas_put_rows(&sink->rgb, y, count, rows);
}
