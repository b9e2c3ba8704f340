// Group normalisation followed by an activation, as one node of the graph.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "cpu_kernels.h"
#include "shim.h"

using namespace shim;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

namespace {

/// `silu(group_norm(x))` with frozen weights. Keeps the input, and computes the normalised values
/// again in the backward pass.
struct GroupNormSiLU : torch::autograd::Function<GroupNormSiLU> {
  static Variable forward(
      AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
      const at::Tensor &bias, int64_t groups, double eps) {
    at::AutoDispatchBelowAutograd below;
    auto x = input.contiguous(order(input));
    context->saved_data["groups"] = groups;
    context->saved_data["eps"] = eps;
    if (in_one_pass(x)) {
      cpu::Moments moments;
      auto y = cpu::group_norm_silu(x, weight, bias, groups, eps, moments);
      context->save_for_backward({x, weight, bias, moments.mean, moments.deviation});
      return y;
    }
    auto [normalised, mean, deviation] = norm(x, weight, bias, groups, eps);
    context->save_for_backward({x, weight, bias, mean, deviation});
    return at::silu_(normalised);
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    at::AutoDispatchBelowAutograd below;
    auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    auto groups = context->saved_data["groups"].toInt();
    if (in_one_pass(x)) {
      auto gradient = cpu::group_norm_silu_backward(
          output_gradients[0], x, weight, saved[2], groups, {saved[3], saved[4]});
      return {gradient, {}, {}, {}, {}};
    }
    auto normalised =
        std::get<0>(norm(x, weight, saved[2], groups, context->saved_data["eps"].toDouble()));
    auto gradient =
        at::silu_backward(output_gradients[0], normalised).contiguous(order(x));
    auto result = at::native_group_norm_backward(
        gradient, x, saved[3], saved[4], weight, x.size(0), x.size(1),
        x.numel() / (x.size(0) * x.size(1)), groups, {true, false, false});
    return {std::get<0>(result), {}, {}, {}, {}};
  }

  /// Whether the kernels of the CPU do it, which take images whose channels lie side by side.
  static bool in_one_pass(const at::Tensor &x) {
    return cpu::accepts(x) && x.dim() == 4 &&
           x.is_contiguous(at::MemoryFormat::ChannelsLast);
  }

  /// The order of values that the kernels of the device accept. Gradients have that of the input.
  static at::MemoryFormat order(const at::Tensor &x) {
    return x.is_cpu() ? x.suggest_memory_format() : at::MemoryFormat::Contiguous;
  }

  static std::tuple<at::Tensor, at::Tensor, at::Tensor> norm(
      const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias, int64_t groups,
      double eps) {
    return at::native_group_norm(
        x, weight, bias, x.size(0), x.size(1), x.numel() / (x.size(0) * x.size(1)), groups, eps);
  }
};

}  // namespace

ct_tensor ct_group_norm_silu(
    ct_ref x, int64_t groups, ct_ref weight, ct_ref bias, double eps) noexcept {
  return tensor([&]() -> at::Tensor {
    const auto &input = ref(x);
    // libtorch's own operation names what is wrong.
    bool fits = input.dim() >= 2 && input.numel() > 0 && groups > 0 &&
                input.size(1) % groups == 0 && ref(weight).numel() == input.size(1) &&
                ref(bias).numel() == input.size(1);
    if (fits && is_frozen(weight, bias)) {
      return GroupNormSiLU::apply(input, ref(weight), ref(bias), groups, eps);
    }
    return at::silu(at::group_norm(input, groups, ref(weight), ref(bias), eps));
  });
}
