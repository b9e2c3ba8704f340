// Fused steps over many tensors.
#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "shim.h"

using namespace shim;

namespace {

/// The tensors of each memory one after the other, by their places in it. The memories have the order
/// of the list, because addresses differ from one process to the next.
std::vector<size_t> memory_order(const std::vector<at::Tensor> &tensors) {
  std::unordered_map<const void *, size_t> memories;
  for (const auto &tensor : tensors) {
    memories.emplace(tensor.storage().unsafeGetStorageImpl(), memories.size());
  }
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    auto key = [&](size_t index) {
      const auto &tensor = tensors[index];
      return std::pair(
          memories.at(tensor.storage().unsafeGetStorageImpl()), tensor.storage_offset());
    };
    return key(a) < key(b);
  });
  return order;
}

/// Joins tensors that follow each other in memory, in each of several parallel lists, so that one
/// operation changes all of them.
class Runs {
 public:
  explicit Runs(std::vector<std::vector<at::Tensor>> lists) : lists(std::move(lists)) {
    for (auto index : memory_order(this->lists[0])) {
      if (starts.empty() || !continues(index)) {
        starts.push_back(index);
        counts.push_back(0);
      }
      counts.back() += this->lists[0][index].numel();
      last = index;
    }
  }

  /// The tensors of a list, joined where they follow each other.
  std::vector<at::Tensor> joined(size_t list) const {
    std::vector<at::Tensor> result;
    for (size_t i = 0; i < starts.size(); i++) {
      const auto &first = lists[list][starts[i]];
      result.push_back(
          first.numel() == counts[i] ? first : first.as_strided({counts[i]}, {1}));
    }
    return result;
  }

  /// The scalars of the first tensors of the runs.
  std::vector<at::Tensor> firsts(const std::vector<at::Tensor> &scalars) const {
    std::vector<at::Tensor> result;
    for (auto index : starts) result.push_back(scalars[index]);
    return result;
  }

 private:
  /// Whether a tensor follows the last one in all lists.
  bool continues(size_t index) const {
    for (const auto &list : lists) {
      const auto &before = list[last], &after = list[index];
      if (!before.is_contiguous() || !after.is_contiguous() ||
          !before.storage().is_alias_of(after.storage()) ||
          before.scalar_type() != after.scalar_type() ||
          before.storage_offset() + before.numel() != after.storage_offset()) {
        return false;
      }
    }
    return true;
  }

  std::vector<std::vector<at::Tensor>> lists;
  std::vector<size_t> starts;
  std::vector<int64_t> counts;
  size_t last = 0;
};

}  // namespace

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
