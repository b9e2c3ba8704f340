// Convolutions as matrix products over the pixels of `[B, H, W, C]`.
#pragma once

#include <ATen/ATen.h>

namespace shim {

/// A square window that moves over an image.
struct Window {
  int64_t side, stride, padding;

  int64_t positions(int64_t size) const { return (size + 2 * padding - side) / stride + 1; }
};

/// The windows of `[B, H, W, C]`, one in each row: `[B * H' * W', side * side * C]`. CPU only.
at::Tensor unfold_pixels(const at::Tensor &pixels, const Window &window);

/// The sum of the windows in the rows, at their places: `[B, H, W, C]`. Adds in float32. CPU only.
at::Tensor fold_pixels(const at::Tensor &rows, at::IntArrayRef shape, const Window &window);

}  // namespace shim
