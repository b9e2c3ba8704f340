// Private to CTorch: tensors that lie side by side in memory.
#pragma once

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "ctorch_optim.h"
#include "shim.h"

namespace shim {

/// The tensors of each memory one after the other, by their places in it. The memories have the order
/// of the list, because addresses differ from one process to the next.
inline std::vector<size_t> memory_order(const std::vector<at::Tensor> &tensors) {
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

}  // namespace shim
