// Graphs on the CPU, where tests check what a GPU would repeat.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>

#include <limits>
#include <memory>
#include <vector>

#include "graph.h"
#include "operations.h"
#include "shim.h"

using namespace shim;

namespace {

/// An operation with its arguments and results. The results stay in memory, so that no other operation
/// gets theirs.
struct Operation {
  c10::OperatorHandle handle;
  std::vector<c10::IValue> inputs, outputs;
};

/// The recording of this thread.
thread_local std::vector<Operation> *recording = nullptr;
/// Whether this thread is inside a recorded operation, whose parts are not recorded.
thread_local bool is_inside = false;

/// Marks a recorded operation from its start to its end.
struct Recorded : at::ObserverContext {};

std::unique_ptr<at::ObserverContext> start(const at::RecordFunction &function) {
  auto name = function.operator_name();
  if (is_inside || recording == nullptr || !name) return nullptr;
  if (name->name == "aten::_local_scalar_dense") read_count++;
  if (!has_own_kernel(*name)) return nullptr;
  auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(
      name->name.c_str(), name->overload_name.c_str());
  auto inputs = function.inputs();
  recording->push_back({handle, std::vector<c10::IValue>(inputs.begin(), inputs.end()), {}});
  is_inside = true;
  return std::make_unique<Recorded>();
}

void end(const at::RecordFunction &function, at::ObserverContext *recorded) {
  if (recorded == nullptr) return;
  is_inside = false;
  if (recording != nullptr) recording->back().outputs = function.outputs();
}

/// Overwrites the result of an earlier call.
void overwrite(const c10::IValue &old, const c10::IValue &made) {
  if (old.isTensor()) {
    const auto &target = old.toTensor();
    if (target.defined() && !target.is_same(made.toTensor())) target.copy_(made.toTensor());
  } else if (old.isTensorList()) {
    auto targets = old.toTensorVector(), sources = made.toTensorVector();
    for (size_t i = 0; i < targets.size(); i++) targets[i].copy_(sources[i]);
  }
}

/// Whether a result of an operation has the memory of an argument.
bool is_argument(const at::Tensor &result, const std::vector<c10::IValue> &inputs) {
  for (const auto &input : inputs) {
    auto tensors = input.isTensor()       ? std::vector<at::Tensor>{input.toTensor()}
                   : input.isTensorList() ? input.toTensorVector()
                                          : std::vector<at::Tensor>{};
    for (const auto &tensor : tensors) {
      if (tensor.defined() && tensor.is_alias_of(result)) return true;
    }
  }
  return false;
}

class CPUGraph : public Graph {
 public:
  /// The graph of several neighbours whose results are valid.
  struct Memory {
    CPUGraph *owner = nullptr;
  };

  explicit CPUGraph(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}

  ~CPUGraph() override { leave(); }

  void begin() override {
    TORCH_CHECK(recording == nullptr, "A graph is being recorded already");
    take();
    operations_.clear();
    reads_ = read_count;
    callback_ = at::addThreadLocalCallback(at::RecordFunctionCallback(start, ::end)
                                               .scopes({at::RecordScope::FUNCTION})
                                               .needsInputs(true)
                                               .needsOutputs(true));
    recording = &operations_;
  }

  void end() override {
    stop();
    TORCH_CHECK(read_count == reads_, "The recorded work reads a value, which a GPU does not have yet");
  }

  void abandon() override {
    if (recording == &operations_) stop();
    operations_.clear();
    leave();
  }

  void replay() override {
    TORCH_CHECK(!operations_.empty(), "The graph has recorded nothing");
    take();
    at::AutoDispatchBelowAutograd below;
    for (auto &operation : operations_) {
      torch::jit::Stack stack = operation.inputs;
      operation.handle.callBoxed(stack);
      for (size_t i = 0; i < stack.size(); i++) overwrite(operation.outputs[i], stack[i]);
    }
  }

  std::unique_ptr<Graph> neighbour() const override {
    return std::make_unique<CPUGraph>(memory_);
  }

 private:
  void stop() {
    at::removeCallback(callback_);
    recording = nullptr;
    is_inside = false;
  }

  /// Makes this graph the one with valid results.
  void take() {
    if (memory_->owner != nullptr && memory_->owner != this) memory_->owner->spoil();
    memory_->owner = this;
  }

  void leave() {
    if (memory_->owner == this) memory_->owner = nullptr;
  }

  /// Overwrites all results that the operations made, as another graph in the same memory would.
  void spoil() {
    at::AutoDispatchBelowAutograd below;
    for (const auto &operation : operations_) {
      for (const auto &output : operation.outputs) {
        if (!output.isTensor() || !output.toTensor().defined()) continue;
        const auto &result = output.toTensor();
        if (result.is_floating_point() && !is_argument(result, operation.inputs)) {
          result.fill_(std::numeric_limits<double>::quiet_NaN());
        }
      }
    }
  }

  std::shared_ptr<Memory> memory_;
  std::vector<Operation> operations_;
  at::CallbackHandle callback_ = at::INVALID_CALLBACK_HANDLE;
  int64_t reads_ = 0;
};

}  // namespace

std::unique_ptr<Graph> shim::cpu_graph() {
  return std::make_unique<CPUGraph>(std::make_shared<CPUGraph::Memory>());
}
