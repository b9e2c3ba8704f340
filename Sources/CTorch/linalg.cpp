// Matrix decompositions.
#include <memory>

#include "shim.h"

using namespace shim;

namespace {

/// Hands out handles only after everything that can fail, so that none is lost.
void hand_out(std::vector<at::Tensor> tensors, ct_tensor *parts) {
  std::vector<std::unique_ptr<at::Tensor>> made;
  for (auto &tensor : tensors) made.push_back(std::make_unique<at::Tensor>(std::move(tensor)));
  for (auto &tensor : made) *parts++ = reinterpret_cast<ct_tensor>(tensor.release());
}

}  // namespace

int ct_svd(ct_ref a, ct_tensor *parts) noexcept {
  return status([&] {
    auto [u, s, vh] = at::linalg_svd(ref(a), /*full_matrices=*/false);
    hand_out({u, s, vh}, parts);
  });
}

int ct_qr(ct_ref a, ct_tensor *parts) noexcept {
  return status([&] {
    auto [q, r] = at::linalg_qr(ref(a), "reduced");
    hand_out({q, r}, parts);
  });
}
