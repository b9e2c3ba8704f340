// Private to CTorch: the operations that libtorch dispatches.
#pragma once

#include <ATen/core/operator_name.h>

namespace shim {

/// Whether an operation is executed by a kernel of its own: it is no composition of others, no view and no
/// allocation.
bool has_own_kernel(const c10::OperatorName &name);

}  // namespace shim
