// Attention.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "cpu_kernels.h"
#include "shim.h"

using namespace shim;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

namespace {

/// Attention of short sequences on the CPU. libtorch's kernels for bfloat16 are several times slower
/// there than matrix products over the whole score matrix.
struct ShortAttention : torch::autograd::Function<ShortAttention> {
  static Variable forward(
      AutogradContext *context, const at::Tensor &query, const at::Tensor &key,
      const at::Tensor &value) {
    at::AutoDispatchBelowAutograd below;
    // Each is an operand of several products, which would copy it each time.
    auto queries = heads(query), keys = heads(key), values = heads(value);
    context->save_for_backward({queries, keys, values});
    context->saved_data["heads"] = query.size(1);
    // Joining the heads, which comes next, then copies nothing.
    auto output = at::empty(
        {query.size(0), query.size(2), query.size(1), value.size(3)}, query.options());
    output.transpose(1, 2).copy_(
        at::bmm(weights(queries, keys), values).view(
            {query.size(0), query.size(1), query.size(2), value.size(3)}));
    return output.transpose(1, 2);
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    at::AutoDispatchBelowAutograd below;
    auto saved = context->get_saved_variables();
    const auto &queries = saved[0], &keys = saved[1], &values = saved[2];
    auto gradient = heads(output_gradients[0]);
    auto weights = ShortAttention::weights(queries, keys);
    auto scores = at::bmm(gradient, values.transpose(1, 2));
    cpu::softmax_backward_(scores, weights, scale(queries));
    auto count = context->saved_data["heads"].toInt();
    auto split = [&](const at::Tensor &x) {
      return x.view({x.size(0) / count, count, x.size(1), x.size(2)});
    };
    return {
        split(at::bmm(scores, keys)), split(at::bmm(scores.transpose(1, 2), queries)),
        split(at::bmm(weights.transpose(1, 2), gradient))};
  }

  /// Whether this is the faster way. Measured: up to 256 x 256 scores a head.
  static bool suits(const at::Tensor &query, const at::Tensor &key) {
    return uses_processor_kernels && query.is_cpu() && query.scalar_type() == at::kBFloat16 &&
           query.dim() == 4 && query.numel() > 0 && key.numel() > 0 &&
           query.size(2) * key.size(2) <= 256 * 256;
  }

 private:
  /// `[B, H, N, D]` as `[B * H, N, D]`.
  static at::Tensor heads(const at::Tensor &x) {
    return x.contiguous().view({-1, x.size(2), x.size(3)});
  }

  static double scale(const at::Tensor &queries) {
    return 1 / std::sqrt(static_cast<double>(queries.size(2)));
  }

  static at::Tensor weights(const at::Tensor &queries, const at::Tensor &keys) {
    auto scores = at::bmm(queries, keys.transpose(1, 2));
    cpu::softmax_(scores, scale(queries));
    return scores;
  }
};

}  // namespace

ct_tensor ct_attention(ct_ref query, ct_ref key, ct_ref value, ct_ref mask, bool causal) noexcept {
  return tensor([&]() -> at::Tensor {
    if (!mask && !causal && ShortAttention::suits(ref(query), ref(key))) {
      return ShortAttention::apply(ref(query), ref(key), ref(value));
    }
    return at::scaled_dot_product_attention(
        ref(query), ref(key), ref(value), optional(mask), 0.0, causal);
  });
}
