// Linear layers with low-rank updates, as one node of the graph.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "products.h"
#include "shim.h"

using namespace shim;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

namespace {

/// The part of an output that a stack of up matrices `[n, out, rank]` changes: `n * out` columns
/// from `column`, by `n * rank` columns of the low-rank product from `rank`, times `scale`.
struct Part {
  at::Tensor ups;
  int64_t column, rank;
  double scale;

  int64_t count() const { return ups.size(0); }
  /// `[M, all]` as `[n, M, out]`.
  at::Tensor columns(const at::Tensor &all) const { return split(all, column, ups.size(1)); }
  /// `[M, all]` as `[n, M, rank]`.
  at::Tensor ranks(const at::Tensor &all) const { return split(all, rank, ups.size(2)); }

 private:
  at::Tensor split(const at::Tensor &all, int64_t start, int64_t size) const {
    return all.narrow(1, start, count() * size).unflatten(1, {count(), size}).transpose(0, 1);
  }
};

/// Whether the matrices of a stack are multiplied one by one. On a CPU a batched product first copies
/// operands whose rows lie apart.
bool is_single(const Part &part) {
  return part.count() == 1 ||
         (uses_processor_kernels && part.ups.is_cpu() && part.count() <= 8);
}

std::vector<Part> parts(
    const variable_list &ups, at::IntArrayRef columns, at::ArrayRef<double> scales) {
  std::vector<Part> result;
  int64_t rank = 0;
  for (size_t i = 0; i < ups.size(); i++) {
    result.push_back({ups[i], columns[i], rank, scales[i]});
    rank += ups[i].size(0) * ups[i].size(2);
  }
  return result;
}

/// A layer normalisation in front of a linear layer.
struct Norm {
  at::Tensor weight, bias;
  double eps;

  /// The normalised values, the means and the reciprocal deviations.
  std::tuple<at::Tensor, at::Tensor, at::Tensor> operator()(const at::Tensor &x) const {
    return at::native_layer_norm(x, weight.sizes(), weight, bias, eps);
  }
};

/// `y = x weight^T + bias`, and `y[:, part] += scale (x down^T) up^T` for each stack of up matrices.
/// With a norm, `x` is the normalised input. The weight, the bias and the norm are frozen. Nothing is
/// kept for the backward pass but the input and the low-rank product: what a norm returned is
/// computed again. The gradients of `down` and the stacks are added to given tensors.
struct LoRALinear : torch::autograd::Function<LoRALinear> {
  // `tensors` are the input, weight, down and the stacks.
  static Variable forward(
      AutogradContext *context, at::TensorList tensors, const std::optional<at::Tensor> &bias,
      const std::optional<Norm> &norm, const c10::List<at::Tensor> &gradients,
      std::vector<int64_t> columns, std::vector<double> scales) {
    at::AutoDispatchBelowAutograd below;
    const auto &weight = tensors[1], &down = tensors[2];
    variable_list ups(tensors.begin() + 3, tensors.end());
    auto x = norm ? tensors[0].contiguous() : tensors[0];
    at::Tensor normalised = x, mean, deviation;
    if (norm) std::tie(normalised, mean, deviation) = (*norm)(x);
    auto rows = normalised.reshape({-1, x.size(-1)});
    auto y = linear_rows(rows, weight, bias);
    auto low = product(rows, down.t());
    for (const auto &part : parts(ups, columns, scales)) {
      auto target = part.columns(y), ranks = part.ranks(low);
      if (part.count() == 1) {
        target[0].addmm_(ranks[0], part.ups[0].t(), /*beta=*/1, part.scale);
      } else {
        target.baddbmm_(ranks, part.ups.transpose(1, 2), /*beta=*/1, part.scale);
      }
    }
    // Only the gradient of the input needs the weight.
    variable_list saved{
        norm ? x : rows, tensors[0].requires_grad() ? weight : at::Tensor(), down, low};
    if (norm) saved.insert(saved.end(), {norm->weight, norm->bias, mean, deviation});
    saved.insert(saved.end(), ups.begin(), ups.end());
    context->save_for_backward(saved);
    if (norm) context->saved_data["eps"] = norm->eps;
    context->saved_data["gradients"] = gradients;
    context->saved_data["columns"] = columns;
    context->saved_data["scales"] = scales;
    context->saved_data["shape"] = x.sizes().vec();
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return y.view(shape);
  }

  static variable_list backward(AutogradContext *context, variable_list output_gradients) {
    at::AutoDispatchBelowAutograd below;
    auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &down = saved[2], &low = saved[3];
    auto shape = context->saved_data["shape"].toIntVector();
    auto gradient = output_gradients[0].reshape({-1, output_gradients[0].size(-1)});
    std::optional<Norm> norm;
    auto eps = context->saved_data.find("eps");
    if (eps != context->saved_data.end()) norm = {saved[4], saved[5], eps->second.toDouble()};
    variable_list ups(saved.begin() + (norm ? 8 : 4), saved.end());
    variable_list result(3 + ups.size() + 5);
    auto sums = context->saved_data["gradients"].toTensorList();
    auto stacks = parts(
        ups, context->saved_data["columns"].toIntVector(),
        context->saved_data["scales"].toDoubleVector());

    auto low_gradient = at::empty_like(low);  // [M, ranks]
    for (size_t i = 0; i < stacks.size(); i++) {
      const auto &part = stacks[i];
      auto columns = part.columns(gradient), ranks = part.ranks(low);
      auto low_part = part.ranks(low_gradient);
      at::Tensor sum = sums[1 + i];
      if (is_single(part)) {
        for (int64_t j = 0; j < part.count(); j++) {
          low_part[j].addmm_(columns[j], part.ups[j], /*beta=*/0, part.scale);
          sum[j].addmm_(columns[j].t(), ranks[j], /*beta=*/1, part.scale);
        }
      } else {
        low_part.baddbmm_(columns, part.ups, /*beta=*/0, part.scale);
        sum.baddbmm_(columns.transpose(1, 2), ranks, /*beta=*/1, part.scale);
      }
    }
    auto rows = (norm ? std::get<0>((*norm)(x)) : x).reshape({-1, x.size(-1)});
    at::Tensor down_sum = sums[0];
    down_sum.addmm_(low_gradient.t(), rows);
    if (!context->needs_input_grad(0)) return result;
    auto input_gradient = product(gradient, weight);
    input_gradient.addmm_(low_gradient, down);
    result[0] = input_gradient.view(shape);
    if (norm) {
      result[0] = std::get<0>(at::native_layer_norm_backward(
          result[0], x, norm->weight.sizes(), saved[6], saved[7], norm->weight, norm->bias,
          {true, false, false}));
    }
    return result;
  }
};

}  // namespace

ct_tensor ct_lora_linear(
    ct_ref x, ct_ref norm_weight, ct_ref norm_bias, double norm_eps, ct_ref weight, ct_ref bias,
    ct_ref down, const ct_ref *ups, const ct_ref *gradients, const int64_t *columns,
    const double *scales, size_t count) noexcept {
  return tensor([&] {
    std::vector<at::Tensor> tensors{ref(x), ref(weight), ref(down)};
    for (size_t i = 0; i < count; i++) tensors.push_back(ref(ups[i]));
    std::optional<Norm> norm;
    if (norm_weight) norm = {ref(norm_weight), ref(norm_bias), norm_eps};
    return LoRALinear::apply(
        at::TensorList(tensors), optional(bias), norm,
        c10::List<at::Tensor>(list(gradients, count + 1)),
        std::vector<int64_t>(columns, columns + count),
        std::vector<double>(scales, scales + count));
  });
}
