// Matrix products. MKL, which libtorch uses in float32, leaves AVX-512 unused on processors of other
// makers than Intel. oneDNN, which is part of libtorch too, takes less than half of MKL's time there.
#include "products.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "shim.h"

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

namespace shim {
namespace {

using Pointwise = at::Tensor(
    const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, std::string_view,
    c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);

/// oneDNN's linear layer, if this libtorch has it.
const std::optional<c10::TypedOperatorHandle<Pointwise>> &onednn() {
  static const auto handle = []() -> std::optional<c10::TypedOperatorHandle<Pointwise>> {
#if defined(__x86_64__)
    auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (found && found->hasKernelForDispatchKey(c10::DispatchKey::CPU)) {
      return found->typed<Pointwise>();
    }
#endif
    return std::nullopt;
  }();
  return handle;
}

/// Whether MKL is slow on this processor. The answer depends on nothing but the machine, so that the
/// bits of a result do not either.
bool mkl_is_slow() {
#if defined(__x86_64__)
  static const bool is_slow = !__builtin_cpu_is("intel");
  return is_slow;
#else
  return false;
#endif
}

/// Whether oneDNN multiplies in bfloat16 on this processor.
bool supports_bfloat16() {
#if defined(__x86_64__)
  static const bool supports = __builtin_cpu_supports("avx512bw") &&
                               __builtin_cpu_supports("avx512vl") &&
                               __builtin_cpu_supports("avx512dq");
  return supports;
#else
  return false;
#endif
}

/// Whether oneDNN adds the bias while it multiplies in bfloat16. libtorch's `addmm` first fills the
/// result with the bias.
bool adds_bias(const at::Tensor &rows, const std::optional<at::Tensor> &bias) {
  return bias && uses_processor_kernels && rows.is_cpu() &&
         rows.scalar_type() == at::kBFloat16 && rows.numel() > 0 && supports_bfloat16() &&
         onednn();
}

/// `rows weight^T + bias` by oneDNN.
at::Tensor multiply(
    const at::Tensor &rows, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  return onednn()->call(
      rows.contiguous(), weight, bias, "none", c10::List<std::optional<at::Scalar>>(),
      std::nullopt);
}

/// The number of multiplications from which oneDNN's start costs less than it saves.
constexpr int64_t onednn_from = 1 << 17;

}  // namespace

bool uses_onednn(const at::Tensor &a, int64_t columns) {
  return uses_processor_kernels && a.is_cpu() && a.scalar_type() == at::kFloat &&
         a.numel() * columns >= onednn_from && mkl_is_slow() && onednn();
}

at::Tensor product(const at::Tensor &a, const at::Tensor &b) {
  return uses_onednn(a, b.size(1)) ? multiply(a, b.t(), std::nullopt) : at::mm(a, b);
}

at::Tensor linear_rows(
    const at::Tensor &rows, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  if (uses_onednn(rows, weight.size(0)) || adds_bias(rows, bias)) {
    return multiply(rows, weight, bias);
  }
  return bias ? at::addmm(*bias, rows, weight.t()) : at::mm(rows, weight.t());
}

}  // namespace shim

using namespace shim;

namespace {

/// A linear layer with a frozen weight.
struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
  static Variable forward(
      AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
      const std::optional<at::Tensor> &bias) {
    at::AutoDispatchBelowAutograd below;
    context->save_for_backward({weight});
    auto shape = x.sizes().vec();
    context->saved_data["shape"] = shape;
    shape.back() = weight.size(0);
    return linear_rows(x.reshape({-1, x.size(-1)}), weight, bias).view(shape);
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    at::AutoDispatchBelowAutograd below;
    auto weight = context->get_saved_variables()[0];
    auto gradient = output_gradients[0].reshape({-1, weight.size(0)});
    auto shape = context->saved_data["shape"].toIntVector();
    return {product(gradient, weight).view(shape), {}, {}};
  }
};

bool suits(
    const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
  return x.dim() > 0 && weight.dim() == 2 && x.size(-1) == weight.size(1) &&
         weight.scalar_type() == x.scalar_type() &&
         (!bias || bias->scalar_type() == x.scalar_type()) &&
         (uses_onednn(x, weight.size(0)) || adds_bias(x, bias));
}

}  // namespace

ct_tensor ct_linear(ct_ref x, ct_ref weight, ct_ref bias) noexcept {
  return tensor([&] {
    if (is_frozen(weight, bias) && suits(ref(x), ref(weight), optional(bias))) {
      return FrozenLinear::apply(ref(x), ref(weight), optional(bias));
    }
    return at::linear(ref(x), ref(weight), optional(bias));
  });
}
