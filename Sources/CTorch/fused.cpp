// Operations with a backward pass of their own: it keeps less, or is faster, than the composition.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "shim.h"

using namespace shim;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

namespace {

/// `a * gelu(b)` of the halves `a` and `b` of the last dimension. Keeps the input only.
struct GEGLU : torch::autograd::Function<GEGLU> {
  static Variable forward(AutogradContext *context, const at::Tensor &x) {
    at::AutoDispatchBelowAutograd below;
    context->save_for_backward({x});
    auto halves = x.chunk(2, -1);
    return at::gelu(halves[1]).mul_(halves[0]);
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    at::AutoDispatchBelowAutograd below;
    auto x = context->get_saved_variables()[0];
    auto gradient = at::empty_like(x);
    auto halves = x.chunk(2, -1), gradients = gradient.chunk(2, -1);
    auto product = at::gelu(halves[1]);
    at::mul_out(gradients[0], output_gradients[0], product);
    at::mul_out(product, output_gradients[0], halves[0]);
    at::gelu_backward_out(gradients[1], product, halves[1]);
    return {gradient};
  }
};

/// Attention of short sequences on the CPU. libtorch's backward kernel for bfloat16 is several times
/// slower there than matrix products over the whole score matrix.
struct ShortAttention : torch::autograd::Function<ShortAttention> {
  static Variable forward(
      AutogradContext *context, const at::Tensor &query, const at::Tensor &key,
      const at::Tensor &value) {
    at::AutoDispatchBelowAutograd below;
    context->save_for_backward({query, key, value});
    return std::get<0>(at::_scaled_dot_product_flash_attention_for_cpu(query, key, value));
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    at::AutoDispatchBelowAutograd below;
    auto saved = context->get_saved_variables();
    auto shape = saved[0].sizes();  // [B, H, N, D]
    // Each is an operand of two products, which would copy it twice.
    auto heads = [&](const at::Tensor &x) {
      return x.contiguous().view({-1, x.size(2), x.size(3)});
    };
    auto query = heads(saved[0]), key = heads(saved[1]), value = heads(saved[2]);
    auto gradient = heads(output_gradients[0]);
    double scale = 1 / std::sqrt(static_cast<double>(shape[3]));
    auto weights = at::softmax(at::bmm(query, key.transpose(1, 2)).mul_(scale), -1);
    auto weight_gradient = at::bmm(gradient, value.transpose(1, 2));
    auto scores =
        at::_softmax_backward_data(weight_gradient, weights, -1, weights.scalar_type()).mul_(scale);
    return {
        at::bmm(scores, key).view(shape), at::bmm(scores.transpose(1, 2), query).view_as(saved[1]),
        at::bmm(weights.transpose(1, 2), gradient).view_as(saved[2])};
  }

  /// Whether this is the faster way. Measured: up to 256 x 256 scores a head.
  static bool suits(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) {
    return query.is_cpu() && query.scalar_type() == at::kBFloat16 && query.dim() == 4 &&
           query.size(2) * key.size(2) <= 256 * 256 && at::GradMode::is_enabled() &&
           (query.requires_grad() || key.requires_grad() || value.requires_grad());
  }
};

}  // namespace

ct_tensor ct_geglu(ct_ref x) noexcept {
  return tensor([&] { return GEGLU::apply(ref(x)); });
}

ct_tensor ct_attention(ct_ref query, ct_ref key, ct_ref value, ct_ref mask, bool causal) noexcept {
  return tensor([&]() -> at::Tensor {
    if (!mask && !causal && ShortAttention::suits(ref(query), ref(key), ref(value))) {
      return ShortAttention::apply(ref(query), ref(key), ref(value));
    }
    return at::scaled_dot_product_attention(
        ref(query), ref(key), ref(value), optional(mask), 0.0, causal);
  });
}
