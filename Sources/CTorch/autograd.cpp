// Gradients, and recomputation in the backward pass.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>

#include "shim.h"

using namespace shim;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

int ct_requires_grad(ct_ref a) noexcept {
  return guard<int>(-1, [&] { return ref(a).requires_grad() ? 1 : 0; });
}

int ct_set_requires_grad(ct_tensor a, bool enabled) noexcept {
  return status([&] { mut(a).set_requires_grad(enabled); });
}

ct_tensor ct_detach(ct_ref a) noexcept {
  return tensor([&] { return ref(a).detach(); });
}

ct_tensor ct_clone(ct_ref a) noexcept {
  return tensor([&] { return ref(a).clone(); });
}

int ct_backward(ct_ref loss) noexcept {
  return status([&] { ref(loss).backward(); });
}

int ct_grad(ct_ref a, ct_tensor *gradient) noexcept {
  return status([&] {
    const auto &accumulated = ref(a).grad();
    *gradient = accumulated.defined() ? own(accumulated) : nullptr;
  });
}

int ct_set_data(ct_tensor a, ct_ref data) noexcept {
  return status([&] { mut(a).set_data(ref(data)); });
}

int ct_set_grad(ct_tensor a, ct_ref gradient) noexcept {
  return status([&] { mut(a).mutable_grad() = gradient ? ref(gradient) : at::Tensor(); });
}

int ct_grad_enabled(void) noexcept {
  return guard<int>(-1, [] { return at::GradMode::is_enabled() ? 1 : 0; });
}

int ct_set_grad_enabled(bool enabled) noexcept {
  return status([&] { at::GradMode::set_enabled(enabled); });
}

namespace {

/// The Swift closure of a checkpointed call, shared by its forward and backward pass.
struct Body : torch::CustomClassHolder {
  ct_body function;
  std::shared_ptr<void> context;

  Body(ct_body function, std::shared_ptr<void> context)
      : function(function), context(std::move(context)) {}

  at::Tensor operator()(const variable_list &inputs) const {
    std::vector<ct_ref> borrowed;
    borrowed.reserve(inputs.size());
    for (const auto &input : inputs) borrowed.push_back(borrow(input));
    std::unique_ptr<at::Tensor> output(reinterpret_cast<at::Tensor *>(
        function(context.get(), borrowed.data(), borrowed.size())));
    if (!output) throw Failure();
    return *output;
  }
};

struct Checkpoint : torch::autograd::Function<Checkpoint> {
  // `tensors` are the inputs followed by the leaves, as one at::TensorList: the template tracks
  // that type and silently ignores a std::vector.
  static Variable forward(
      AutogradContext *context, const c10::intrusive_ptr<Body> &body, int64_t input_count,
      at::TensorList tensors) {
    variable_list saved(tensors.begin(), tensors.end());
    context->save_for_backward(saved);
    context->saved_data["body"] = c10::IValue::make_capsule(body);
    context->saved_data["input_count"] = input_count;
    at::NoGradGuard no_grad;
    return (*body)(variable_list(saved.begin(), saved.begin() + input_count));
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    auto saved = context->get_saved_variables();
    auto input_count = context->saved_data["input_count"].toInt();
    auto body = c10::static_intrusive_pointer_cast<Body>(context->saved_data["body"].toCapsule());

    // The inputs become leaves of a new graph. The trained leaves are used as they are.
    variable_list inputs, sources;
    std::vector<size_t> positions;
    for (int64_t i = 0; i < static_cast<int64_t>(saved.size()); i++) {
      bool differentiable = saved[i].requires_grad();
      Variable source = saved[i];
      if (i < input_count) {
        source = saved[i].detach();
        source.set_requires_grad(differentiable);
        inputs.push_back(source);
      }
      if (differentiable) {
        sources.push_back(source);
        positions.push_back(i);
      }
    }
    Variable output;
    {
      at::AutoGradMode grad_mode(true);
      output = (*body)(inputs);
    }
    auto gradients = torch::autograd::grad(
        {output}, sources, output_gradients, std::nullopt, false, true);

    // One gradient per argument of forward: none for the body and the count.
    variable_list result(2 + saved.size());
    for (size_t i = 0; i < positions.size(); i++) result[2 + positions[i]] = gradients[i];
    return result;
  }
};

}  // namespace

ct_tensor ct_checkpoint(
    ct_body body, void *context, void (*release)(void *), const ct_ref *inputs,
    size_t input_count, const ct_ref *leaves, size_t leaf_count) noexcept {
  return tensor([&] {
    auto owner = c10::make_intrusive<Body>(body, std::shared_ptr<void>(context, release));
    auto tensors = list(inputs, input_count);
    auto trained = list(leaves, leaf_count);
    tensors.insert(tensors.end(), trained.begin(), trained.end());
    return Checkpoint::apply(owner, static_cast<int64_t>(input_count), at::TensorList(tensors));
  });
}
