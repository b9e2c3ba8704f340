// Seeded random numbers. A generator is its state, a CPU byte tensor, so that it is a tensor like
// any other: it can be kept, copied and written to a checkpoint.
#include <ATen/CPUGeneratorImpl.h>

#include "shim.h"

using namespace shim;

namespace {

/// Draws with a generator in the given state and leaves the state behind it.
template <typename Draw>
ct_tensor drawn(ct_tensor state, Draw draw) {
  return tensor([&] {
    auto generator = at::detail::createCPUGenerator();
    generator.set_state(mut(state));
    auto result = draw(generator);
    mut(state).copy_(generator.get_state());
    return result;
  });
}

}  // namespace

ct_tensor ct_generator(uint64_t seed) {
  return tensor([&] { return at::detail::createCPUGenerator(seed).get_state(); });
}

ct_tensor ct_randn(ct_tensor generator, const int64_t *shape, size_t dimensions) {
  return drawn(generator, [&](at::Generator &source) {
    return at::randn(sizes(shape, dimensions), source, at::TensorOptions().dtype(at::kFloat));
  });
}
