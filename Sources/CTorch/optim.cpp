// Fused steps over many tensors.
#include "shim.h"

using namespace shim;

int ct_adamw(
    const ct_ref *parameters, const ct_ref *gradients, const ct_ref *averages,
    const ct_ref *squares, const ct_ref *steps, size_t count, ct_ref found_inf,
    double learning_rate, double beta1, double beta2, double weight_decay, double eps) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    auto counters = list(steps, count);
    at::_foreach_add_(counters, 1);
    at::_fused_adamw_(
        list(parameters, count), list(gradients, count), list(averages, count),
        list(squares, count), {}, counters, learning_rate, beta1, beta2, weight_decay, eps,
        /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/{}, optional(found_inf));
    if (found_inf) {
      at::_foreach_sub_(counters, std::vector<at::Tensor>(counters.size(), ref(found_inf)));
    }
  });
}

int ct_copy_each(const ct_ref *destinations, const ct_ref *sources, size_t count) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    if (count > 0) at::_foreach_copy_(list(destinations, count), list(sources, count));
  });
}

int ct_add_each(const ct_ref *destinations, const ct_ref *sources, size_t count) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    if (count > 0) at::_foreach_add_(list(destinations, count), list(sources, count));
  });
}

ct_tensor ct_norm(const ct_ref *tensors, size_t count) noexcept {
  return tensor([&] {
    at::NoGradGuard no_grad;
    if (count == 0) return at::zeros({}, at::kFloat);
    auto norms = at::_foreach_norm(list(tensors, count), 2);
    return at::linalg_vector_norm(at::stack(norms).to(at::kFloat));
  });
}

int ct_clip(const ct_ref *tensors, size_t count, ct_ref norm, double maximum) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    auto factor = at::clamp(at::reciprocal(ref(norm) + 1e-6) * maximum, std::nullopt, 1);
    if (count > 0) at::_foreach_mul_(list(tensors, count), factor);
  });
}

ct_tensor ct_found_inf(ct_ref values) noexcept {
  return tensor([&] { return at::isfinite(ref(values)).all().logical_not_().to(at::kFloat); });
}

int ct_scale(const ct_ref *tensors, size_t count, double factor) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    at::_foreach_mul_(list(tensors, count), factor);
  });
}
