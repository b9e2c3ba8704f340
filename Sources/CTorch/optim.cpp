// Fused steps over many tensors.
#include "runs.h"

using namespace shim;

int ct_neighbours(const ct_ref *tensors, size_t count, ct_tensor *results) noexcept {
  return status([&] {
    if (count == 0) return;
    auto originals = list(tensors, count);
    int64_t total = 0, start = 0;
    for (const auto &original : originals) total += original.numel();
    auto all = at::zeros({total}, originals[0].options().requires_grad(false));
    for (auto index : memory_order(originals)) {
      const auto &original = originals[index];
      results[index] = own(all.narrow(0, start, original.numel()).view(original.sizes()));
      start += original.numel();
    }
  });
}

int ct_join(
    const ct_ref *tensors, size_t lists, size_t count, ct_tensor *results, size_t *joined) noexcept {
  return status([&] {
    std::vector<std::vector<at::Tensor>> parallel;
    for (size_t i = 0; i < lists; i++) parallel.push_back(list(tensors + i * count, count));
    *joined = 0;
    if (count == 0) return;
    Runs runs(std::move(parallel));
    size_t next = 0;
    for (size_t i = 0; i < lists; i++) {
      auto members = runs.joined(i);
      *joined = members.size();
      for (auto &member : members) results[next++] = own(member.detach());
    }
  });
}

int ct_adamw(
    const ct_ref *parameters, const ct_ref *gradients, const ct_ref *averages,
    const ct_ref *squares, const ct_ref *steps, size_t count, ct_ref found_inf,
    double learning_rate, double beta1, double beta2, double weight_decay, double eps) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    TORCH_CHECK(count > 0, "AdamW was given no parameters");
    auto counters = list(steps, count);
    auto counter_runs = Runs({counters}).joined(0);
    at::_foreach_add_(counter_runs, 1);
    Runs runs(
        {list(parameters, count), list(gradients, count), list(averages, count),
         list(squares, count)});
    at::_fused_adamw_(
        runs.joined(0), runs.joined(1), runs.joined(2), runs.joined(3), {}, runs.firsts(counters),
        learning_rate, beta1, beta2, weight_decay, eps, /*amsgrad=*/false, /*maximize=*/false,
        /*grad_scale=*/{}, optional(found_inf));
    if (found_inf) {
      for (auto &counter : counter_runs) counter.sub_(ref(found_inf));
    }
  });
}

int ct_copy_each(const ct_ref *destinations, const ct_ref *sources, size_t count) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    if (count == 0) return;
    Runs runs({list(destinations, count), list(sources, count)});
    at::_foreach_copy_(runs.joined(0), runs.joined(1));
  });
}

int ct_add_each(const ct_ref *destinations, const ct_ref *sources, size_t count) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    if (count == 0) return;
    Runs runs({list(destinations, count), list(sources, count)});
    at::_foreach_add_(runs.joined(0), runs.joined(1));
  });
}

ct_tensor ct_norm(const ct_ref *tensors, size_t count) noexcept {
  return tensor([&] {
    at::NoGradGuard no_grad;
    if (count == 0) return at::zeros({}, at::kFloat);
    auto norms = at::_foreach_norm(Runs({list(tensors, count)}).joined(0), 2);
    return at::linalg_vector_norm(at::stack(norms).to(at::kFloat));
  });
}

int ct_clip(const ct_ref *tensors, size_t count, ct_ref norm, double maximum) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    auto factor = at::clamp(at::reciprocal(ref(norm) + 1e-6) * maximum, std::nullopt, 1);
    if (count > 0) at::_foreach_mul_(Runs({list(tensors, count)}).joined(0), factor);
  });
}

ct_tensor ct_found_inf(ct_ref values) noexcept {
  return tensor([&] { return at::isfinite(ref(values)).all().logical_not_().to(at::kFloat); });
}

int ct_scale(const ct_ref *tensors, size_t count, double factor) noexcept {
  return status([&] {
    at::NoGradGuard no_grad;
    if (count > 0) at::_foreach_mul_(Runs({list(tensors, count)}).joined(0), factor);
  });
}
