// Windows of images as rows of a matrix, and back.
#include "pixels.h"

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/Parallel.h>

#include <cstring>
#include <vector>

namespace shim {
namespace {

/// Calls `body(row, y, x)` for each position of the window, in parallel.
template <typename Body>
void each_position(int64_t batch, int64_t height, int64_t width, const Body &body) {
  at::parallel_for(0, batch * height * width, 8, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      body(row, row / width % height, row % width, row / (width * height));
    }
  });
}

template <typename Element>
void fold(
    const Element *rows, Element *pixels, at::IntArrayRef shape, const Window &window) {
  using Sum = at::opmath_type<Element>;
  const int64_t height = shape[1], width = shape[2], channels = shape[3];
  const int64_t down = window.positions(height), across = window.positions(width);
  const int64_t row_size = window.side * window.side * channels;
  at::parallel_for(0, shape[0] * height * width, 8, [&](int64_t begin, int64_t end) {
    std::vector<Sum> sums(channels);
    for (int64_t pixel = begin; pixel < end; pixel++) {
      const int64_t x = pixel % width, y = pixel / width % height;
      const int64_t image = pixel / (width * height);
      std::fill(sums.begin(), sums.end(), Sum(0));
      for (int64_t i = 0; i < window.side; i++) {
        const int64_t top = y + window.padding - i, row = top / window.stride;
        if (top < 0 || top % window.stride || row >= down) continue;
        for (int64_t j = 0; j < window.side; j++) {
          const int64_t left = x + window.padding - j, column = left / window.stride;
          if (left < 0 || left % window.stride || column >= across) continue;
          const Element *source = rows + ((image * down + row) * across + column) * row_size +
                                  (i * window.side + j) * channels;
          for (int64_t c = 0; c < channels; c++) sums[c] += static_cast<Sum>(source[c]);
        }
      }
      Element *target = pixels + pixel * channels;
      for (int64_t c = 0; c < channels; c++) target[c] = static_cast<Element>(sums[c]);
    }
  });
}

}  // namespace

at::Tensor unfold_pixels(const at::Tensor &pixels, const Window &window) {
  auto source = pixels.contiguous();
  const int64_t height = source.size(1), width = source.size(2);
  const int64_t pixel_bytes = source.size(3) * source.element_size();
  const int64_t down = window.positions(height), across = window.positions(width);
  auto rows = at::empty(
      {source.size(0) * down * across, window.side * window.side * source.size(3)},
      source.options());
  const auto *from = static_cast<const char *>(source.const_data_ptr());
  auto *to = static_cast<char *>(rows.mutable_data_ptr());
  each_position(
      source.size(0), down, across, [&](int64_t row, int64_t y, int64_t x, int64_t image) {
        char *target = to + row * window.side * window.side * pixel_bytes;
        for (int64_t i = 0; i < window.side; i++) {
          const int64_t top = y * window.stride + i - window.padding;
          for (int64_t j = 0; j < window.side; j++, target += pixel_bytes) {
            const int64_t left = x * window.stride + j - window.padding;
            if (top < 0 || top >= height || left < 0 || left >= width) {
              std::memset(target, 0, pixel_bytes);
            } else {
              const int64_t pixel = (image * height + top) * width + left;
              std::memcpy(target, from + pixel * pixel_bytes, pixel_bytes);
            }
          }
        }
      });
  return rows;
}

at::Tensor fold_pixels(const at::Tensor &rows, at::IntArrayRef shape, const Window &window) {
  auto source = rows.contiguous();
  auto pixels = at::empty(shape, source.options());
  AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, source.scalar_type(), "fold_pixels", [&] {
        fold(source.const_data_ptr<scalar_t>(), pixels.mutable_data_ptr<scalar_t>(), shape, window);
      });
  return pixels;
}

}  // namespace shim
