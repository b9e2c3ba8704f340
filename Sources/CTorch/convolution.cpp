// Convolutions. With a frozen weight, the input is not kept for the backward pass.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "pixels.h"
#include "products.h"
#include "shim.h"

using namespace shim;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

namespace {

/// The weight of a convolution whose channels lie side by side, as a matrix `[out, k * k * in]`.
at::Tensor matrix(const at::Tensor &weight) {
  return weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1});
}

/// Whether the pixels have their channels side by side, and a matrix product is the faster way. On a
/// CPU, libtorch's convolutions reorder the weight in each call, which takes as long as the rest where
/// an image has few pixels. Measured: up to 512 positions. Windows of one pixel need no rows of
/// their own.
bool suits_product(const at::Tensor &x, const at::Tensor &weight, const Window &window) {
  if (!uses_processor_kernels || !x.is_cpu() || x.scalar_type() != weight.scalar_type() ||
      x.size(1) != weight.size(1) || weight.size(2) != weight.size(3) || x.numel() == 0 ||
      x.suggest_memory_format() != at::MemoryFormat::ChannelsLast) {
    return false;
  }
  if (window.side == 1 && window.stride == 1 && window.padding == 0) return true;
  auto positions = x.size(0) * window.positions(x.size(2)) * window.positions(x.size(3));
  return positions > 0 && positions <= 512 &&
         weight.is_contiguous(at::MemoryFormat::ChannelsLast);
}

struct FrozenConvolution : torch::autograd::Function<FrozenConvolution> {
  static Variable forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
      const std::optional<at::Tensor> &bias, int64_t stride, int64_t padding) {
    at::AutoDispatchBelowAutograd below;
    context->save_for_backward({weight});
    context->saved_data["window"] = std::vector<int64_t>{weight.size(2), stride, padding};
    context->saved_data["sizes"] = x.sizes().vec();
    context->saved_data["strides"] = x.strides().vec();
    Window window{weight.size(2), stride, padding};
    auto is_product = suits_product(x, weight, window);
    context->saved_data["is_product"] = is_product;
    if (!is_product) {
      return at::conv2d(x, weight, bias, {stride, stride}, at::IntArrayRef({padding, padding}));
    }
    auto pixels = x.permute({0, 2, 3, 1});
    auto rows =
        window.side == 1 ? pixels.reshape({-1, x.size(1)}) : unfold_pixels(pixels, window);
    return linear_rows(rows, matrix(weight), bias)
        .view({x.size(0), window.positions(x.size(2)), window.positions(x.size(3)), -1})
        .permute({0, 3, 1, 2});
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    at::AutoDispatchBelowAutograd below;
    auto weight = context->get_saved_variables()[0];
    auto numbers = context->saved_data["window"].toIntVector();
    Window window{numbers[0], numbers[1], numbers[2]};
    auto sizes = context->saved_data["sizes"].toIntVector();
    const auto &gradient = output_gradients[0];
    if (context->saved_data["is_product"].toBool()) {
      auto rows = gradient.permute({0, 2, 3, 1}).reshape({-1, weight.size(0)});
      auto windows = product(rows, matrix(weight));
      std::vector<int64_t> shape{sizes[0], sizes[2], sizes[3], sizes[1]};
      auto pixels = window.side == 1 ? windows.view(shape) : fold_pixels(windows, shape, window);
      return {pixels.permute({0, 3, 1, 2}), {}, {}, {}, {}};
    }
    // The gradient depends on the input's shape and layout only. This memory is never read.
    auto placeholder = at::empty_strided(
        sizes, context->saved_data["strides"].toIntVector(), gradient.options());
    std::vector<int64_t> strides(2, window.stride), paddings(2, window.padding);
    auto gradients = at::convolution_backward(
        gradient, placeholder, weight, std::nullopt, strides, paddings, at::IntArrayRef({1, 1}),
        /*transposed=*/false, at::IntArrayRef({0, 0}), /*groups=*/1, {true, false, false});
    return {std::get<0>(gradients), {}, {}, {}, {}};
  }
};

}  // namespace

ct_tensor ct_conv2d(
    ct_ref x, ct_ref weight, ct_ref bias, int64_t stride, int64_t padding) noexcept {
  return tensor([&] {
    if (is_frozen(weight, bias) && ref(weight).dim() == 4 && ref(x).dim() == 4) {
      return FrozenConvolution::apply(ref(x), ref(weight), optional(bias), stride, padding);
    }
    return at::conv2d(
        ref(x), ref(weight), optional(bias), {stride, stride},
        at::IntArrayRef({padding, padding}));
  });
}
