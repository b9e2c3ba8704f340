#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Pillow's resampling (src/libImaging/Resample.c): weights in 22-bit fixed point, along one side
// and then along the other, rounded to 8 bits after each.
enum { weight_bits = 22 };

/// The source samples and weights of `count` neighbouring results along one side.
typedef struct filter {
  uint32_t count;
  /// The most source samples of a result; `weights` has this many for each result.
  uint32_t reach;
  uint32_t *first, *taps;
  int32_t *weights;
} filter;

/// Keys' cubic convolution (1981) with a = -0.5.
static double cubic(double x) {
  static const double a = -0.5;
  x = fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

static void free_filter(filter *filter) {
  free(filter->first);
  free(filter->taps);
  free(filter->weights);
}

/// The filter of the results `start` to `start + count - 1` when `source` samples become `scaled`.
static int make_filter(
    filter *filter, uint32_t source, uint32_t scaled, uint32_t start, uint32_t count) {
  double scale = (double)source / scaled;
  double stretch = scale < 1 ? 1 : scale;
  double support = 2 * stretch;
  filter->count = count;
  filter->reach = (uint32_t)ceil(support) * 2 + 1;
  filter->first = calloc(count, sizeof *filter->first);
  filter->taps = calloc(count, sizeof *filter->taps);
  filter->weights = calloc((size_t)count * filter->reach, sizeof *filter->weights);
  double *exact = calloc(filter->reach, sizeof *exact);
  int is_made = filter->first && filter->taps && filter->weights && exact;
  for (uint32_t index = 0; is_made && index < count; index++) {
    double center = (start + index + 0.5) * scale, sum = 0;
    double from = floor(center - support + 0.5), to = floor(center + support + 0.5);
    uint32_t first = from < 0 ? 0 : (uint32_t)from;
    uint32_t taps = (to > source ? source : (uint32_t)to) - first;
    for (uint32_t tap = 0; tap < taps; tap++) {
      exact[tap] = cubic((tap + first - center + 0.5) * (1 / stretch));
      sum += exact[tap];
    }
    int32_t *weights = filter->weights + (size_t)index * filter->reach;
    for (uint32_t tap = 0; tap < taps; tap++) {
      double weight = exact[tap] / sum * (1 << weight_bits);
      weights[tap] = (int32_t)(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    filter->first[index] = first;
    filter->taps[index] = taps;
  }
  free(exact);
  return is_made;
}

static uint8_t rounded(int32_t sum) {
  int32_t value = (sum + (1 << (weight_bits - 1))) >> weight_bits;
  return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

static void filter_row(
    const filter *filter, const uint8_t *source, unsigned channels, uint8_t *result) {
  for (uint32_t x = 0; x < filter->count; x++) {
    const int32_t *weights = filter->weights + (size_t)x * filter->reach;
    const uint8_t *pixel = source + (size_t)filter->first[x] * channels;
    int32_t sums[4] = {0};
    for (uint32_t tap = 0; tap < filter->taps[x]; tap++, pixel += channels) {
      for (unsigned channel = 0; channel < channels; channel++) {
        sums[channel] += pixel[channel] * weights[tap];
      }
    }
    for (unsigned channel = 0; channel < channels; channel++) {
      *result++ = rounded(sums[channel]);
    }
  }
}

/// Computes row `y` from the rows at `source`, which are `stride` bytes apart. `sums` has space for
/// one row.
static void filter_column(
    const filter *filter, uint32_t y, const uint8_t *source, size_t stride, size_t row_size,
    int32_t *sums, uint8_t *result) {
  const int32_t *weights = filter->weights + (size_t)y * filter->reach;
  memset(sums, 0, row_size * sizeof *sums);
  source += filter->first[y] * stride;
  for (uint32_t tap = 0; tap < filter->taps[y]; tap++, source += stride) {
    for (size_t x = 0; x < row_size; x++) sums[x] += source[x] * weights[tap];
  }
  for (size_t x = 0; x < row_size; x++) result[x] = rounded(sums[x]);
}

static void filter_row_of(
    const filter *filter, const uint8_t *source, unsigned channels, uint8_t *result) {
  // The constants let the compiler unroll the channels.
  switch (channels) {
  case 1: filter_row(filter, source, 1, result); break;
  case 3: filter_row(filter, source, 3, result); break;
  default: filter_row(filter, source, channels, result);
  }
}

static int rows_first(
    const filter *across, const filter *down, const uint8_t *pixels, unsigned channels,
    size_t stride, uint8_t *result) {
  uint32_t top = down->first[0];
  uint32_t bottom = down->first[down->count - 1] + down->taps[down->count - 1];
  size_t row_size = (size_t)across->count * channels;
  uint8_t *rows = malloc((bottom - top) * row_size);
  int32_t *sums = malloc(row_size * sizeof *sums);
  int is_done = rows && sums;
  for (uint32_t y = top; is_done && y < bottom; y++) {
    filter_row_of(across, pixels + y * stride, channels, rows + (y - top) * row_size);
  }
  // The rows kept begin at `top`.
  for (uint32_t y = 0; is_done && y < down->count; y++) down->first[y] -= top;
  for (uint32_t y = 0; is_done && y < down->count; y++) {
    filter_column(down, y, rows, row_size, row_size, sums, result + y * row_size);
  }
  free(rows);
  free(sums);
  return is_done;
}

static int columns_first(
    const filter *across, const filter *down, const uint8_t *pixels, unsigned channels,
    size_t stride, uint8_t *result) {
  uint8_t *row = malloc(stride);
  int32_t *sums = malloc(stride * sizeof *sums);
  int is_done = row && sums;
  for (uint32_t y = 0; is_done && y < down->count; y++) {
    filter_column(down, y, pixels, stride, stride, sums, row);
    filter_row_of(across, row, channels, result + (size_t)y * across->count * channels);
  }
  free(row);
  free(sums);
  return is_done;
}

/// The order of Pillow 13, found by experiment; Pillow does not document it.
static int columns_come_first(const ci_window *window) {
  int64_t columns = (int64_t)window->source_width - window->scaled_width;
  int64_t rows = (int64_t)window->source_height - window->scaled_height;
  return rows > 0 && rows > 2 * columns;
}

ci_status ci_resize_bicubic(
    const uint8_t *pixels, unsigned channels, const ci_window *window, uint8_t *result) {
  filter across = {0}, down = {0};
  int is_done =
      make_filter(
          &across, window->source_width, window->scaled_width, window->left, window->width)
      && make_filter(
          &down, window->source_height, window->scaled_height, window->top, window->height)
      && (columns_come_first(window) ? columns_first : rows_first)(
          &across, &down, pixels, channels, (size_t)window->source_width * channels, result);
  free_filter(&across);
  free_filter(&down);
  return is_done ? CI_OK : ci_fail(CI_FAILED, "out of memory");
}
