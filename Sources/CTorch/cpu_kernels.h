// Passes over float32 and bfloat16 values on the CPU that libtorch makes in several.
#pragma once

#include "shim.h"

namespace shim::cpu {

/// Whether the kernels accept a tensor: on the CPU, float32 or bfloat16.
inline bool accepts(const at::Tensor &x) {
  return uses_processor_kernels && x.is_cpu() && x.numel() > 0 &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

/// `a * gelu(b)` of the halves of the last dimension of `x`.
at::Tensor geglu(const at::Tensor &x);
/// The gradient of `x`.
at::Tensor geglu_backward(const at::Tensor &gradient, const at::Tensor &x);

/// The means and reciprocal deviations of the groups, float32 `[B, groups]`.
struct Moments {
  at::Tensor mean, deviation;
};

/// `silu(group_norm(x))` of `[B, C, H, W]` whose channels lie side by side.
at::Tensor group_norm_silu(
    const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, int64_t groups,
    double eps, Moments &moments);
/// The gradient of `x`.
at::Tensor group_norm_silu_backward(
    const at::Tensor &gradient, const at::Tensor &x, const at::Tensor &weight,
    const at::Tensor &bias, int64_t groups, const Moments &moments);

/// Replaces scores by `softmax(scale * scores)` over the last dimension.
void softmax_(at::Tensor &scores, double scale);
/// Replaces the gradients of the softmax by those of the scores.
void softmax_backward_(at::Tensor &gradients, const at::Tensor &weights, double scale);

}  // namespace shim::cpu
