// The gate of the feed-forward layers. Its backward pass keeps less than the composition.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "cpu_kernels.h"
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
    if (cpu::accepts(x)) return cpu::geglu(x);
    auto halves = x.chunk(2, -1);
    return at::gelu(halves[1]).mul_(halves[0]);
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    at::AutoDispatchBelowAutograd below;
    auto x = context->get_saved_variables()[0];
    if (cpu::accepts(x)) return {cpu::geglu_backward(output_gradients[0], x)};
    auto gradient = at::empty_like(x);
    auto halves = x.chunk(2, -1), gradients = gradient.chunk(2, -1);
    auto product = at::gelu(halves[1]);
    at::mul_out(gradients[0], output_gradients[0], product);
    at::mul_out(product, output_gradients[0], halves[0]);
    at::gelu_backward_out(gradients[1], product, halves[1]);
    return {gradient};
  }
};

}  // namespace

ct_tensor ct_geglu(ct_ref x) noexcept {
  return tensor([&] {
    TORCH_CHECK(
        ref(x).dim() > 0 && ref(x).size(-1) % 2 == 0,
        "The last dimension of the gate's input has no two halves");
    return GEGLU::apply(ref(x));
  });
}
